"""The tables for people, between two marks of docs/explanation/benchmarks.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median

from .goals import GOALS
from .import_time import BEYOND
from .results import Results, Timing
from .targets import BASELINE, BY_NAME
from .workloads import WORKLOADS

BEGIN, END = "<!-- benchmarks: begin, written by python -m benchmarks -->", "<!-- benchmarks: end -->"
TITLES = {
    "dalkit": "dalkit",
    BASELINE: "SQLAlchemy by hand",
    "advanced-alchemy": "Advanced Alchemy",
    "driver": "the driver alone",
}


def put_into(page: Path, section: str) -> None:
    """Replaces what stands between the marks; a page that is not there is made."""
    old = page.read_text(encoding="utf-8") if page.exists() else f"{BEGIN}\n{END}\n"
    before, _, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page} lacks the marks {BEGIN} and {END}")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"{before}{BEGIN}\n\n{section}\n{END}{after}", encoding="utf-8")


def section(results: Results, *, plot: str | None = None) -> str:
    """Returns all tables; `plot` is the address of the picture, if there is one."""
    return "\n".join(
        [
            circumstances(results),
            *([f"![How many times as fast as SQLAlchemy by hand]({plot})", ""] if plot else []),
            *(line for target in targets(results) for line in times(results, target)),
            *round_trips(results),
            *imports(results),
            *goals(results),
        ]
    )


def circumstances(results: Results) -> str:
    """Tells where and how it was run."""
    machine, settings = results.machine, results.settings
    facts = [
        f"{machine['date']}, {machine['system']}, {machine['processor'] or 'unknown'}, {machine['cores']} cores",
        f"load {machine['load']:.1f} at the start",
        "client and server pinned to one core" if settings["pinned"] else "not pinned",
        f"{settings['repeats']} repeats",
        f"{settings['users']} users",
    ]
    versions = ", ".join(f"{name} {version}" for name, version in results.versions.items())
    lines = [
        f"Run of {'; '.join(facts)}.",
        f"Versions: {versions}.",
        *(f"Left out: {each}." for each in results.left_out),
    ]
    return "\n\n".join(lines) + "\n"


def targets(results: Results) -> list[str]:
    """Returns the targets that were measured, in their order."""
    return list(dict.fromkeys(timing.target for timing in results.timings))


def times(results: Results, target: str) -> Iterator[str]:
    """Yields the table of a target."""
    timings = [timing for timing in results.timings if timing.target == target]
    names = [name for name in TITLES if name in timings[0].microseconds]
    yield from heading(BY_NAME[target].title)
    yield from table(
        ["", *(TITLES[name] for name in names)],
        ([timing.title, *(cell(timing, name) for name in names)] for timing in timings),
    )


def cell(timing: Timing, name: str) -> str:
    """Returns a time, and how many times as fast that is, with the spread of the middle four fifths."""
    time = duration(timing.median(name))
    if name == BASELINE:
        return time
    ratios = timing.speed_ups(name)
    cut = len(ratios) // 10
    return f"{time}, **{median(ratios):.2f}x** [{ratios[cut]:.2f}–{ratios[-1 - cut]:.2f}]"  # noqa: RUF001


def duration(microseconds: float) -> str:
    """Writes a time with three digits or so."""
    return f"{microseconds / 1000:.2f} ms" if microseconds >= 1000 else f"{microseconds:.0f} µs"


def round_trips(results: Results) -> Iterator[str]:
    """Yields the table of the round trips."""
    if results.round_trips:
        yield from heading("Round trips")
        titles = {workload.method: workload.title for workload in WORKLOADS}
        for target, counts in results.round_trips.items():
            names = [name for name in TITLES if any(name in each for each in counts.values())]
            rows = ([titles[method], *(str(each[name]) for name in names)] for method, each in counts.items())
            yield from table([BY_NAME[target].title, *(TITLES[name] for name in names)], rows)


def imports(results: Results) -> Iterator[str]:
    """Yields the table of the imports."""
    if results.imports:
        yield from heading("Import")
        rows = (
            [f"`{module}`", f"`{BEYOND[module]}`", f"{median(each):.1f} ms", f"{min(each):.1f}–{max(each):.1f} ms"]  # noqa: RUF001
            for module, each in results.imports.items()
        )
        yield from table(["import", "beyond", "median", "range"], rows)


def goals(results: Results) -> Iterator[str]:
    """Yields the table of the goals that this run can judge."""
    found = [(goal, goal.find(results)) for goal in GOALS]
    rows = [
        [goal.title, f"{goal.sign} {goal.number(goal.wanted)}", goal.number(number), goal.verdict(number)]
        for goal, number in found
        if number is not None
    ]
    if rows:
        yield from heading("Goals")
        yield from table(["goal", "wanted", "found", ""], rows)


def heading(title: str) -> list[str]:
    """Returns the lines of a heading."""
    return [f"### {title}", ""]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yields the lines of a table."""
    yield row(head)
    yield "|" + "---|" * len(head)
    yield from map(row, rows)
    yield ""


def row(cells: Sequence[str]) -> str:
    """Returns a line of a table."""
    return f"| {' | '.join(cells)} |"
