"""The same walk with `await`: the same models, services and names of methods."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from sqlalchemy import URL

from dalkit.aio import AsyncDatabaseManager

from .dataset import Dataset, batches, new_city, new_continent, new_country
from .models import City, WorldBase
from .report import Report
from .repositories import AsyncCityRepository, AsyncWorld
from .services import NotEnoughPeopleError, address, addresses_one_by_one, move_people
from .statements import counting
from .totals import compared, stored_totals, totals_of
from .tour import CITIES_A_UNIT, GENEVA, ZURICH


async def async_tour(url: URL, dataset: Dataset, report: Report) -> bool:
    """Walks through the library; tells whether the database holds at the end what the data set holds."""
    async with AsyncDatabaseManager(url) as db, world_tables(db):
        await meet_the_manager(db, report)
        await load_the_world(db, dataset, report)
        await ask_repositories(db, report)
        await work_in_units(db, report)
        await fail_and_leave_nothing(db, report)
        await keep_lists(db, report)
        await turn_pages(db, report)
        await load_relatives(db, report)
        return await compare_totals(db, dataset, report)


@asynccontextmanager
async def world_tables(db: AsyncDatabaseManager) -> AsyncGenerator[None]:
    """Creates the tables, and drops them at the end, whatever happens in between."""
    try:
        await db.create_tables(WorldBase)
        yield
    finally:
        await db.drop_tables(WorldBase)


async def meet_the_manager(db: AsyncDatabaseManager, report: Report) -> None:
    report.step("The manager of the database")
    report.line(repr(db))
    report.fact("connections at the most", db.max_connections)
    for engine in await db.health():
        report.fact(f"the {engine.engine} answers", f"in {engine.seconds * 1000:.1f} ms")


async def load_the_world(db: AsyncDatabaseManager, dataset: Dataset, report: Report) -> None:
    report.step(f"Loading the world, {CITIES_A_UNIT:,} cities to a unit of work")
    async with AsyncWorld(db) as world:
        await world.continents.add_all(new_continent(row) for row in dataset.continents)
        await world.countries.add_all(new_country(row) for row in dataset.countries)
    with report.progress("cities", len(dataset.cities)) as advance:
        for rows in batches(dataset.cities, CITIES_A_UNIT):
            async with AsyncWorld(db) as world:
                await world.cities.add_all(new_city(row) for row in rows)
            advance(len(rows))
    report.strays(dataset.strays)


async def ask_repositories(db: AsyncDatabaseManager, report: Report) -> None:
    report.step("Repositories answer questions")
    with counting(db.read_engine.sync_engine) as statements:
        async with AsyncWorld(db, read_only=True) as world:
            japan = await world.countries.get_one("JP")
            report.fact(f"cities of {japan.name}", await world.cities.count(City.country_iso == japan.iso))
            exists = await world.cities.exists(City.population >= 30_000_000)
            report.fact("a city of 30 million people exists", exists)
            report.cities(await world.cities.find(City.country_iso == japan.iso, limit=5))
    report.fact("statements", statements.number)


async def work_in_units(db: AsyncDatabaseManager, report: Report) -> None:
    """`run_sync` hands the service a `World` on the session, the transaction and the hooks of this unit."""
    report.step("A unit of work changes two cities or none")
    with counting(db.engine.sync_engine) as statements:
        async with AsyncWorld(db) as world:
            await world.run_sync(move_people, ZURICH, GENEVA, 1_000)
            world.after_commit(report.line, "committed: 1,000 people moved from Zürich to Geneva")
    report.fact("statements", statements.number)


async def fail_and_leave_nothing(db: AsyncDatabaseManager, report: Report) -> None:
    report.step("A unit that fails leaves nothing behind")
    before = await swiss_populations(db)
    try:
        async with AsyncWorld(db) as world:
            await world.run_sync(move_people, ZURICH, GENEVA, 1_000_000)
    except NotEnoughPeopleError as error:
        report.line(f"refused: {error}")
    report.fact("Geneva and Zürich are as they were", await swiss_populations(db) == before)


async def swiss_populations(db: AsyncDatabaseManager) -> list[int]:
    async with AsyncWorld(db, read_only=True) as world:
        cities = await world.cities.get_many([GENEVA, ZURICH])
    return [city.population for city in cities]


async def keep_lists(db: AsyncDatabaseManager, report: Report) -> None:
    report.step("Lists live in JSON columns")
    async with AsyncWorld(db) as world:
        zurich = await world.cities.get_one(ZURICH)
        zurich.alternate_names = [*zurich.alternate_names, "Little Big City"]
    async with AsyncWorld(db) as world:
        zurich = await world.cities.get_one(ZURICH)
        report.fact("the latest of Zürich's names", zurich.alternate_names[-1])
        zurich.alternate_names = zurich.alternate_names[:-1]
        switzerland = await world.countries.get_one("CH")
        neighbours = await world.countries.get_many(switzerland.neighbours)
        report.line(f"{switzerland.name} speaks {', '.join(switzerland.languages)}")
        report.line(f"and borders on {', '.join(country.name for country in neighbours)}")


async def turn_pages(db: AsyncDatabaseManager, report: Report) -> None:
    report.step("Long lists come in pages")
    with counting(db.read_engine.sync_engine) as statements:
        async with AsyncWorld(db, read_only=True) as world:
            page = await world.cities.paginate(City.country_iso == "JP", page=2, size=5)
            report.fact("cities of Japan on all pages", page.total)
            report.line(f"page {page.page} of {page.pages}")
            report.cities(page)
    report.fact("statements", statements.number)


async def load_relatives(db: AsyncDatabaseManager, report: Report) -> None:
    """Nothing can load by itself under `await`, but inside `run_sync`; what an option set has loaded can be read."""
    report.step("Relatives load one by one, or all at once")
    with counting(db.read_engine.sync_engine) as one_by_one:
        async with AsyncWorld(db, read_only=True) as world:
            addresses = await world.run_sync(addresses_one_by_one, 50)
    with counting(db.read_engine.sync_engine) as at_once:
        async with AsyncWorld(db, read_only=True) as world:
            cities = await world.cities.find(limit=50, options=AsyncCityRepository.with_country)
            same = [address(city) for city in cities] == addresses
    report.line(f"the largest city: {addresses[0]}")
    report.fact("statements for 50 addresses, lazily", one_by_one.number)
    report.fact("statements with the option set", at_once.number)
    report.fact("both give the same", same)


async def compare_totals(db: AsyncDatabaseManager, dataset: Dataset, report: Report) -> bool:
    report.step("The database holds what the data set holds")
    async with AsyncWorld(db, read_only="snapshot") as world:
        stored = await world.run_sync(stored_totals)
    comparisons = list(compared(totals_of(dataset), stored))
    report.comparison(comparisons)
    return all(each.same for each in comparisons)
