"""Models that are not declarative, or not on dalkit's base: SQLModel, imperative, dataclasses.

SQLModel evaluates annotations: no `from __future__ import annotations` here. To a type checker, `Hero.name == "x"` is a
bool; `col` and `table.c` say what it is.
"""

import uuid
from dataclasses import dataclass
from typing import Any, assert_type

from sqlalchemy import Column, Integer, MetaData, String, Table
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, Session, mapped_column, registry
from sqlmodel import Field, SQLModel, col

from dalkit import DatabaseManager, OptionSet, Page, Repository, UnitOfWork
from dalkit.aio import AsyncRepository


class Hero(SQLModel, table=True):
    """An SQLModel."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    age: int | None = None


@dataclass
class Vessel:
    """A plain dataclass, mapped from outside."""

    imo: int
    name: str


metadata = MetaData()
vessels = Table("typing_vessels", metadata, Column("imo", Integer, primary_key=True), Column("name", String(60)))
registry(metadata=metadata).map_imperatively(Vessel, vessels)


class DataclassBase(MappedAsDataclass, DeclarativeBase):
    """Models that are dataclasses."""


class Ticket(DataclassBase):
    """A declarative dataclass."""

    __tablename__ = "typing_tickets"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default_factory=uuid.uuid4, init=False)
    title: Mapped[str] = mapped_column(default="")


class HeroRepository(Repository[Hero, int]):
    """Over an SQLModel."""

    none = OptionSet(lambda: ())

    def named(self, name: str) -> Hero | None:
        return self.one_or_none(col(Hero.name) == name)


class AsyncVesselRepository(AsyncRepository[Vessel, int]):
    """Over an imperative class."""


class Fleet(UnitOfWork):
    """All in one unit."""

    heroes: HeroRepository
    vessels: Repository[Vessel]
    tickets: Repository[Ticket, uuid.UUID]


def sqlmodel_models(heroes: HeroRepository) -> None:
    assert_type(heroes.get(1), Hero | None)
    assert_type(heroes.find(col(Hero.age) > 18, ~col(Hero.name).contains("x")), list[Hero])
    assert_type(heroes.find((col(Hero.age) > 18) | (col(Hero.name) == "x"), order_by=col(Hero.name).desc()), list[Hero])
    assert_type(heroes.paginate(col(Hero.age).is_(None)), Page[Hero])
    assert_type(heroes.add(Hero(name="x")), Hero)
    assert_type(heroes.update(1, {"age": 31}), Hero)
    assert_type(heroes.update_where(col(Hero.age) > 18, values={"age": 31}), int)
    assert_type(heroes.named("x"), Hero | None)


async def imperative_models(session: AsyncSession, repository: AsyncVesselRepository) -> None:
    assert_type(await repository.get(9074729), Vessel | None)
    assert_type(await repository.find(vessels.c.name == "x", order_by=vessels.c.imo), list[Vessel])
    assert_type(await repository.count(vessels.c.name.in_(["x"]) & (vessels.c.imo > 1)), int)
    assert_type(await repository.add(Vessel(imo=1, name="x")), Vessel)
    assert_type(await repository.update(1, {"name": "x"}), Vessel)
    assert_type(await AsyncRepository[Vessel](session).first(), Vessel | None)


def dataclass_models(session: Session, key: uuid.UUID) -> None:
    tickets = Repository[Ticket, uuid.UUID](session)
    assert_type(tickets.get(key), Ticket | None)
    assert_type(tickets.find(Ticket.title == "x"), list[Ticket])
    assert_type(tickets.add(Ticket(title="x")), Ticket)
    assert_type(tickets.update(key, {Ticket.title: "x"}), Ticket)


def in_one_unit(db: DatabaseManager) -> None:
    db.create_tables(SQLModel)
    db.create_tables(metadata)
    db.create_tables(DataclassBase)
    with Fleet(db) as fleet:
        assert_type(fleet.heroes.named("x"), Hero | None)
        assert_type(fleet.vessels.find(vessels.c.name == "x"), list[Vessel])
        assert_type(fleet.vessels, Repository[Vessel, Any])
        assert_type(fleet.tickets.count(), int)
