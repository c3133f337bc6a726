"""How rows are read and written: repositories, and the unit of work that gives them one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnExpressionArgument, func, select
from sqlalchemy.orm import joinedload

from dalkit import Definition, OptionSet, Repository, UnitOfWork
from dalkit.aio import AsyncRepository, AsyncUnitOfWork

from .models import City, Continent, Country


class Cities(Definition[City, int]):
    """What the two repositories of cities share. It is asked for SQL, and never runs any."""

    with_country = OptionSet(lambda: (joinedload(City.country).joinedload(Country.continent),))

    @classmethod
    def default_order(cls) -> Sequence[ColumnExpressionArgument[Any]]:
        """The largest city first, wherever no other order is asked for."""
        return (City.population.desc(),)


class CityRepository(Cities, Repository[City, int]):
    """Cities. What `Repository` does not offer is written here, as SQLAlchemy writes it."""

    def per_country(self) -> dict[str, int]:
        """Counts the cities of each country that has any."""
        statement = select(City.country_iso, func.count()).group_by(City.country_iso)
        return dict(self.session.execute(statement).all())

    def inhabitants(self) -> int:
        """Sums up the populations of all cities."""
        return int(self.session.scalar(select(func.sum(City.population))) or 0)

    def walk(self, size: int = 1_000) -> Iterator[City]:
        """Yields all cities by their keys, and holds no more than `size` of them in memory."""
        last = 0
        while batch := self.find(City.id > last, order_by=City.id, limit=size):
            yield from batch
            last = batch[-1].id


class AsyncCityRepository(Cities, AsyncRepository[City, int]):
    """Cities under `await`. It needs no methods of its own: services run on `CityRepository`."""


class World(UnitOfWork):
    """One transaction over the whole world. The annotations say which repositories it has."""

    continents: Repository[Continent, str]
    countries: Repository[Country, str]
    cities: CityRepository


class AsyncWorld(AsyncUnitOfWork[World]):
    """The same under `await`; its `run_sync` calls services, which are written for `World`."""

    continents: AsyncRepository[Continent, str]
    countries: AsyncRepository[Country, str]
    cities: AsyncCityRepository
