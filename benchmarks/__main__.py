"""The command."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.servers import Missing

from . import import_time, page, results, round_trips, timing
from .data import Scale
from .results import Results, Timing
from .targets import BY_NAME, OPTIONAL, TARGETS, Arena, Databases, Target
from .workloads import WORKLOADS, Workload

DOCS = Path(__file__).resolve().parent.parent / "docs"
DEFAULT_TARGETS = "psycopg,asyncpg,sqlite"


@dataclass(frozen=True)
class Size:
    """How much is done."""

    scale: Scale
    repeats: int
    seconds: float


FULL = Size(Scale(), repeats=15, seconds=0.02)
QUICK = Size(Scale(users=3000, accounts=20, many=100), repeats=3, seconds=0.003)


def parser() -> argparse.ArgumentParser:
    """Returns what reads the command line."""
    made = argparse.ArgumentParser("python -m benchmarks", description="How fast dalkit is, beside others.")
    made.add_argument("--quick", action="store_true", help="few rows and repeats, to see that all works")
    made.add_argument("--pin", action="store_true", help="keep the client and its private servers on one core")
    made.add_argument(
        "--repeats", type=int, help=f"samples of each contestant ({FULL.repeats}; quick: {QUICK.repeats})"
    )
    made.add_argument("--targets", default=DEFAULT_TARGETS, help=f"some of {','.join(BY_NAME)} ({DEFAULT_TARGETS})")
    made.add_argument("--output", type=Path, help="the docs folder to write to (docs; quick: none)")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, tells, and writes."""
    chosen = parser().parse_args(arguments)
    names = chosen.targets.split(",")
    if strangers := sorted(set(names) - set(BY_NAME)):
        parser().error(f"unknown target {', '.join(strangers)}; there are {', '.join(BY_NAME)}")
    size = QUICK if chosen.quick else FULL
    size = Size(size.scale, chosen.repeats or size.repeats, size.seconds)
    if chosen.pin:
        pin()
    found = run([target for target in TARGETS if target.name in names], size, pinned=chosen.pin)
    print(page.section(found))
    output = chosen.output or (None if chosen.quick else DOCS)
    if output is not None:
        write(found, output)
    return 0


def pin() -> None:
    """Keeps this process, and all that it starts, on one core."""
    if not hasattr(os, "sched_setaffinity"):
        sys.exit("--pin: this system cannot pin a process to a core")
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def run(targets: Sequence[Target], size: Size, *, pinned: bool) -> Results:
    """Measures all targets, and the imports."""
    settings = {"pinned": pinned, "repeats": size.repeats, "users": size.scale.users, "many": size.scale.many}
    found = Results(settings, results.versions(), results.machine(), imports=import_time.measure(size.repeats))
    if find_spec(OPTIONAL) is None:
        leave_out(found, "Advanced Alchemy, since it is not installed")
    with Databases() as databases, asyncio.Runner() as runner:
        for target in targets:
            url = databases.url(target)
            if isinstance(url, Missing):
                leave_out(found, f"{target.name}, since {url.reason}")
                continue
            measure_target(Arena(target, url, size.scale, runner), size, found)
    return found


def leave_out(found: Results, what: str) -> None:
    """Notes what is not measured, and says so."""
    found.left_out.append(what)
    tell(f"left out: {what}")


def measure_target(arena: Arena, size: Size, found: Results) -> None:
    """Measures one target, once all contestants have given the same answers."""
    arena.create()
    try:
        add_version(arena, found.versions)
        with arena.contestants() as contestants:
            workloads = [each for each in WORKLOADS if all(hasattr(one, each.method) for one in contestants)]
            for workload in workloads:
                timing.check_answers(arena, contestants, workload)
            with timing.frozen():
                for workload in workloads:
                    times = timing.measure(arena, contestants, workload, repeats=size.repeats, seconds=size.seconds)
                    add_timing(arena, workload, times, found)
        if arena.target.backend == "postgresql":
            add_round_trips(arena, workloads, found)
    finally:
        arena.engine.dispose()


def add_version(arena: Arena, versions: dict[str, str]) -> None:
    """Notes the version of a server; that of SQLite is known."""
    numbers = arena.engine.dialect.server_version_info
    if arena.target.backend != "sqlite" and numbers:
        versions[arena.target.backend] = ".".join(map(str, numbers[:3]))


def add_timing(arena: Arena, workload: Workload, times: dict[str, list[float]], found: Results) -> None:
    """Notes what a workload took."""
    title = workload.title.format(many=arena.scale.many)
    added = Timing(arena.target.name, workload.method, title, times)
    found.timings.append(added)
    tell(
        f"{added.target:8} {added.workload:16} dalkit {added.median('dalkit'):9.1f} us, {added.speed_up('dalkit'):.2f}x"
    )


def add_round_trips(arena: Arena, workloads: Sequence[Workload], found: Results) -> None:
    """Notes how often the calls went to the server."""
    for (workload, contestant), count in round_trips.count(arena, workloads).items():
        found.round_trips.setdefault(arena.target.name, {}).setdefault(workload, {})[contestant] = count


def write(found: Results, docs: Path) -> None:
    """Writes the numbers, the picture and the tables."""
    assets = docs / "assets/benchmarks"
    assets.mkdir(parents=True, exist_ok=True)
    found.write(assets / "results.json")
    plot = draw(found, assets)
    written = docs / "explanation/benchmarks.md"
    page.put_into(written, page.section(found, plot=plot))
    tell(f"written: {written}, {assets}")


def draw(found: Results, assets: Path) -> str | None:
    """Draws the picture if matplotlib is there, and returns its address in the page."""
    if find_spec("matplotlib") is None or not found.timings:
        tell("no picture: matplotlib is not installed, or nothing was timed")
        return None
    from .plot import draw

    draw(found, assets / "speed.svg")
    return "../assets/benchmarks/speed.svg"


def tell(line: str) -> None:
    """Says how far it is."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
