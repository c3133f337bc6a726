"""The example program of examples/world_cities."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from world_cities import __main__ as program
from world_cities import async_tour, tour
from world_cities.dataset import Dataset, dataset_of, read_dataset
from world_cities.report import Report

SHOWN_COUNTRIES = ("CH", "JP")
CHANGE = "UPDATE world_cities SET population = population + 1 WHERE id = 1609350"  # Bangkok


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    """The cities that the walk shows, and the largest ones."""
    world = read_dataset(15_000)
    cities = [city for city in world.cities if city["countrycode"] in SHOWN_COUNTRIES or city["population"] > 10**6]
    return dataset_of(world.continents, world.countries, cities)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "world.db"


def run(dataset: Dataset, file: Path) -> int:
    return program.run(dataset, make_url(f"sqlite:///{file}"), Report())


def test_the_program_ends_well_and_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dataset: Dataset
) -> None:
    monkeypatch.setattr(program, "read_dataset", lambda smallest: dataset)
    assert program.main([]) == 0
    shown = capsys.readouterr().out
    assert shown.count("The database holds what the data set holds") == 2
    assert "DIFFERENT" not in shown
    assert "\x1b" not in shown


def test_the_tables_are_gone_at_the_end(dataset: Dataset, file: Path) -> None:
    assert run(dataset, file) == 0
    assert tables(file) == []


def test_a_population_changed_behind_its_back_is_found_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dataset: Dataset, file: Path
) -> None:
    monkeypatch.setattr(tour, "load_relatives", tampering(file, CHANGE))
    assert run(dataset, file) == 1
    assert capsys.readouterr().out.count("DIFFERENT") == 1


def test_a_city_lost_in_the_walk_with_await_is_found_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], dataset: Dataset, file: Path
) -> None:
    tamper = tampering(file, "DELETE FROM world_cities WHERE country_iso = 'SG'")

    async def tamper_with_await(db: object, report: Report) -> None:
        tamper(db, report)

    monkeypatch.setattr(async_tour, "load_relatives", tamper_with_await)
    assert run(dataset, file) == 1
    shown = capsys.readouterr().out
    assert shown.count("DIFFERENT") == 3
    assert "SG 0" in shown


def test_cities_of_an_unknown_country_are_named_and_left_out_of_both_totals(
    capsys: pytest.CaptureFixture[str], dataset: Dataset, file: Path
) -> None:
    countries = [country for country in dataset.countries if country["iso"] != "SG"]
    assert run(dataset_of(dataset.continents, countries, dataset.cities), file) == 0
    assert capsys.readouterr().out.count("Singapore (SG") == 2


def test_tables_of_somebody_else_are_not_touched(file: Path) -> None:
    execute(file, "CREATE TABLE world_cities (theirs TEXT)")
    with pytest.raises(SystemExit, match="world_cities"):
        program.main(["--url", f"sqlite:///{file}"])
    assert tables(file) == ["CREATE TABLE world_cities (theirs TEXT)"]


@pytest.mark.parametrize("url", ["nonsense", "oracle://host/db", "postgresql://127.0.0.1:1/missing"])
def test_a_database_that_cannot_be_used_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(SystemExit) as refused:
        program.main(["--url", url])
    assert isinstance(refused.value.code, str)


def tampering(file: Path, statement: str) -> Callable[[object, object], None]:
    """Returns a stop of the walk that changes the database behind dalkit's back."""
    return lambda db, report: execute(file, statement)


def execute(file: Path, statement: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)


def tables(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return [sql for (sql,) in connection.execute("SELECT sql FROM sqlite_master")]
