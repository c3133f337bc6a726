"""The walk through dalkit: each function is one stop."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import URL

from dalkit import DatabaseManager

from .dataset import Dataset, batches, new_city, new_continent, new_country
from .models import City, WorldBase
from .report import Report
from .repositories import CityRepository, World
from .services import NotEnoughPeopleError, address, addresses_one_by_one, move_people
from .statements import counting
from .totals import compared, stored_totals, totals_of

CITIES_A_UNIT = 5_000
GENEVA = 2660646
ZURICH = 2657896


def tour(url: URL, dataset: Dataset, report: Report) -> bool:
    """Walks through the library; tells whether the database holds at the end what the data set holds."""
    with DatabaseManager(url) as db, world_tables(db):
        meet_the_manager(db, report)
        load_the_world(db, dataset, report)
        ask_repositories(db, report)
        work_in_units(db, report)
        fail_and_leave_nothing(db, report)
        keep_lists(db, report)
        turn_pages(db, report)
        load_relatives(db, report)
        return compare_totals(db, dataset, report)


@contextmanager
def world_tables(db: DatabaseManager) -> Generator[None]:
    """Creates the tables, and drops them at the end, whatever happens in between."""
    try:
        db.create_tables(WorldBase)
        yield
    finally:
        db.drop_tables(WorldBase)


def meet_the_manager(db: DatabaseManager, report: Report) -> None:
    """A manager holds the engine and its pool. Passwords are never shown."""
    report.step("The manager of the database")
    report.line(repr(db))
    report.fact("connections at the most", db.max_connections)
    for engine in db.health():
        report.fact(f"the {engine.engine} answers", f"in {engine.seconds * 1000:.1f} ms")


def load_the_world(db: DatabaseManager, dataset: Dataset, report: Report) -> None:
    """A unit of work is a transaction: it commits where its block ends. Many rows are best written in several."""
    report.step(f"Loading the world, {CITIES_A_UNIT:,} cities to a unit of work")
    with World(db) as world:
        world.continents.add_all(new_continent(row) for row in dataset.continents)
        world.countries.add_all(new_country(row) for row in dataset.countries)
    with report.progress("cities", len(dataset.cities)) as advance:
        for rows in batches(dataset.cities, CITIES_A_UNIT):
            with World(db) as world:
                world.cities.add_all(new_city(row) for row in rows)
            advance(len(rows))
    report.strays(dataset.strays)


def ask_repositories(db: DatabaseManager, report: Report) -> None:
    """A unit that only reads sends no BEGIN and no COMMIT: each statement is one round trip."""
    report.step("Repositories answer questions")
    with counting(db.read_engine) as statements, World(db, read_only=True) as world:
        japan = world.countries.get_one("JP")
        report.fact(f"cities of {japan.name}", world.cities.count(City.country_iso == japan.iso))
        report.fact("a city of 30 million people exists", world.cities.exists(City.population >= 30_000_000))
        report.cities(world.cities.find(City.country_iso == japan.iso, limit=5))
    report.fact("statements", statements.number)


def work_in_units(db: DatabaseManager, report: Report) -> None:
    """What a unit changes is written when its block ends, and hooks run once it is committed."""
    report.step("A unit of work changes two cities or none")
    with counting(db.engine) as statements, World(db) as world:
        move_people(world, ZURICH, GENEVA, 1_000)
        world.after_commit(report.line, "committed: 1,000 people moved from Zürich to Geneva")
    report.fact("statements", statements.number)


def fail_and_leave_nothing(db: DatabaseManager, report: Report) -> None:
    """An exception rolls back all that the unit has done, and is the one that the caller sees."""
    report.step("A unit that fails leaves nothing behind")
    before = swiss_populations(db)
    try:
        with World(db) as world:
            move_people(world, ZURICH, GENEVA, 1_000_000)
    except NotEnoughPeopleError as error:
        report.line(f"refused: {error}")
    report.fact("Geneva and Zürich are as they were", swiss_populations(db) == before)


def swiss_populations(db: DatabaseManager) -> list[int]:
    """Entities stay readable after their unit: nothing is expired by a commit."""
    with World(db, read_only=True) as world:
        cities = world.cities.get_many([GENEVA, ZURICH])
    return [city.population for city in cities]


def keep_lists(db: DatabaseManager, report: Report) -> None:
    """A JSON column gives a list back as the list that it was. To change it, assign a new one."""
    report.step("Lists live in JSON columns")
    with World(db) as world:
        zurich = world.cities.get_one(ZURICH)
        zurich.alternate_names = [*zurich.alternate_names, "Little Big City"]
    with World(db) as world:
        zurich = world.cities.get_one(ZURICH)
        report.fact("the latest of Zürich's names", zurich.alternate_names[-1])
        zurich.alternate_names = zurich.alternate_names[:-1]
        switzerland = world.countries.get_one("CH")
        neighbours = world.countries.get_many(switzerland.neighbours)
        report.line(f"{switzerland.name} speaks {', '.join(switzerland.languages)}")
        report.line(f"and borders on {', '.join(country.name for country in neighbours)}")


def turn_pages(db: DatabaseManager, report: Report) -> None:
    """A page knows how many pages there are; the primary key completes the order, so that no city is on two."""
    report.step("Long lists come in pages")
    with counting(db.read_engine) as statements, World(db, read_only=True) as world:
        page = world.cities.paginate(City.country_iso == "JP", page=2, size=5)
        report.fact("cities of Japan on all pages", page.total)
        report.line(f"page {page.page} of {page.pages}")
        report.cities(page)
    report.fact("statements", statements.number)


def load_relatives(db: DatabaseManager, report: Report) -> None:
    """Relationships load when they are read, a statement each, unless an option set asks for them at once."""
    report.step("Relatives load one by one, or all at once")
    with counting(db.read_engine) as one_by_one, World(db, read_only=True) as world:
        addresses = addresses_one_by_one(world, 50)
    with counting(db.read_engine) as at_once, World(db, read_only=True) as world:
        cities = world.cities.find(limit=50, options=CityRepository.with_country)
        same = [address(city) for city in cities] == addresses
    report.line(f"the largest city: {addresses[0]}")
    report.fact("statements for 50 addresses, lazily", one_by_one.number)
    report.fact("statements with the option set", at_once.number)
    report.fact("both give the same", same)


def compare_totals(db: DatabaseManager, dataset: Dataset, report: Report) -> bool:
    """A snapshot sees the database at one moment, however many statements it takes."""
    report.step("The database holds what the data set holds")
    with World(db, read_only="snapshot") as world:
        stored = stored_totals(world)
    comparisons = list(compared(totals_of(dataset), stored))
    report.comparison(comparisons)
    return all(each.same for each in comparisons)
