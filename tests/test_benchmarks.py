"""The benchmarks compare equals, and their page says what they found. No test here looks at a clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import URL

from benchmarks import import_time, page, round_trips, timing
from benchmarks.__main__ import QUICK, main
from benchmarks.goals import GOALS, Goal
from benchmarks.results import Results, Timing
from benchmarks.targets import BY_NAME, Arena
from benchmarks.workloads import WORKLOADS, Workload

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "explanation/benchmarks.md"
PUBLISHED = DOCS / "assets/benchmarks"
PLOT = "../assets/benchmarks/speed.svg"
NUMBERS = count(1)

# Advanced Alchemy 1.12, where it is installed, uses what SQLAlchemy 2.1 has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The declarative_mixin decorator:DeprecationWarning")


@pytest.fixture(scope="module", params=["psycopg", "asyncpg", "sqlite"])
def arena(
    request: pytest.FixtureRequest, runner: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arena]:
    target = BY_NAME[request.param]
    url = URL.create("sqlite", database=str(tmp_path_factory.mktemp("benchmarks") / "benchmark.db"))
    if target.backend == "postgresql":
        server: Any = request.getfixturevalue("postgresql")
        name = f"benchmark_{target.name}_{next(NUMBERS)}"
        server.create_database(name)
        url = server.url(name)
    arena = Arena(target, url, QUICK.scale, runner)
    arena.create()
    yield arena
    arena.engine.dispose()


def workloads_of(contestants: list[Any]) -> list[Workload]:
    return [each for each in WORKLOADS if all(hasattr(contestant, each.method) for contestant in contestants)]


def test_all_contestants_give_the_same_answers_and_leave_the_same_rows(arena: Arena) -> None:
    with arena.contestants() as contestants:
        assert {"dalkit", "sqlalchemy", "driver"} <= {contestant.name for contestant in contestants}
        for workload in workloads_of(contestants):
            timing.check_answers(arena, contestants, workload)


def test_a_contestant_that_does_something_else_ends_the_run(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> None:
    with arena.contestants() as contestants:
        right = contestants[0].get
        monkeypatch.setattr(contestants[0], "get", lambda key: right(key + 1))
        with pytest.raises(timing.WrongAnswerError, match="get: dalkit gives"):
            timing.check_answers(arena, contestants, WORKLOADS[0])


@pytest.mark.parametrize("arena", ["psycopg", "asyncpg"], indirect=True)
def test_round_trips_are_those_of_the_page(arena: Arena) -> None:
    published = Results.read(PUBLISHED / "results.json").round_trips[arena.target.name]
    counted = round_trips.count(arena, WORKLOADS)
    told = {key: published[key[0]][key[1]] for key in counted}
    assert counted == told


def test_the_page_shows_the_published_results() -> None:
    section = page.section(Results.read(PUBLISHED / "results.json"), plot=PLOT)
    assert section in PAGE.read_text(encoding="utf-8")
    assert (PAGE.parent / PLOT).resolve().exists()


def test_a_run_writes_its_results_into_the_page_between_the_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [*import_time.BEYOND][1:]:  # one is enough: each compiles all that it imports
        monkeypatch.delitem(import_time.BEYOND, module)
    written = tmp_path / "explanation/benchmarks.md"
    written.parent.mkdir()
    written.write_text(f"before\n\n{page.BEGIN}\nold\n{page.END}\n\nafter\n", encoding="utf-8")
    assert main(["--quick", "--repeats", "1", "--targets", "sqlite", "--output", str(tmp_path)]) == 0
    assets = tmp_path / "assets/benchmarks"
    drawn = find_spec("matplotlib") is not None
    found = Results.read(assets / "results.json")
    assert {timing.workload for timing in found.timings} == {workload.method for workload in WORKLOADS}
    assert set(found.imports) == {"dalkit"}
    section = page.section(found, plot=PLOT if drawn else None)
    assert written.read_text(encoding="utf-8") == f"before\n\n{page.BEGIN}\n\n{section}\n{page.END}\n\nafter\n"
    assert (assets / "speed.svg").exists() is drawn


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "mine.md"
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match="lacks the marks"):
        page.put_into(mine, "theirs")
    assert mine.read_text(encoding="utf-8") == "mine"


def test_an_unknown_target_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--targets", "oracle"])
    assert "unknown target oracle; there are psycopg, asyncpg, sqlite, pymysql" in capsys.readouterr().err


def test_a_speed_up_compares_samples_of_one_repeat() -> None:
    timing = Timing("sqlite", "get", "get", {"sqlalchemy": [10.0, 100.0, 30.0], "dalkit": [5.0, 25.0, 30.0]})
    assert timing.speed_ups("dalkit") == [1.0, 2.0, 4.0]
    assert timing.speed_up("dalkit") == 2.0
    assert timing.speed_up("dalkit", "advanced-alchemy") is None


@pytest.mark.parametrize(
    ("unit", "found", "verdict"),
    [("x", 3.5, "met"), ("x", 2.25, "missed by 0.75x"), (" ms", 2.0, "met"), ("", 4, "missed by 1")],
)
def test_a_goal_tells_by_how_much_it_is_missed(unit: str, found: float, verdict: str) -> None:
    assert Goal("a goal", 3, unit, lambda results: None).verdict(found) == verdict


def test_every_goal_is_judged_by_the_published_results() -> None:
    published = Results.read(PUBLISHED / "results.json")
    assert [goal.title for goal in GOALS if goal.find(published) is None] == []
