"""SQLModel: classes that are pydantic models and mapped at once, in a registry of their own.

Two habits of SQLModel to know: its annotations must be evaluated (no `from __future__ import annotations` here), and
a table model does not validate: neither its constructor nor an assignment checks a type or a name.
"""

import uuid
from decimal import Decimal
from operator import attrgetter
from typing import Any, Optional

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, Relationship, SQLModel

from .sample import Sample


class ModelBase(SQLModel, registry=registry(metadata=MetaData())):
    """Apart from `SQLModel.metadata`, which every SQLModel class of a process shares."""


class HeroTeamLink(ModelBase, table=True):
    """An association object: a composite key of two foreign keys, and a fact about the pair."""

    __tablename__ = "sqlmodel_hero_team_links"

    hero_id: int | None = Field(default=None, foreign_key="sqlmodel_heroes.id", primary_key=True)
    team_id: int | None = Field(default=None, foreign_key="sqlmodel_hero_teams.id", primary_key=True)
    role: str = Field(default="member", max_length=40)
    rank: int = 0

    hero: Optional["Hero"] = Relationship(back_populates="team_links")
    team: Optional["HeroTeam"] = Relationship(back_populates="hero_links")


class HeroTeam(ModelBase, table=True):
    """The many-to-many as SQLModel has it, for reading only, since the links are written as objects."""

    __tablename__ = "sqlmodel_hero_teams"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=60, unique=True)
    city: str = Field(default="", max_length=80)

    hero_links: list[HeroTeamLink] = Relationship(back_populates="team")
    heroes: list["Hero"] = Relationship(link_model=HeroTeamLink, sa_relationship_kwargs={"viewonly": True})
    missions: list["Mission"] = Relationship(back_populates="team")


class HeroBase(ModelBase):
    """What the table and the schemas of an application's interface have in common: no table."""

    name: str = Field(max_length=60, unique=True)
    secret_name: str = Field(max_length=60)
    age: int | None = None


class Hero(HeroBase, table=True):
    """A table model that inherits its fields."""

    __tablename__ = "sqlmodel_heroes"

    id: int | None = Field(default=None, primary_key=True)

    team_links: list[HeroTeamLink] = Relationship(
        back_populates="hero", sa_relationship_kwargs={"cascade": "all, delete-orphan"}
    )


class Mission(ModelBase, table=True):
    """A UUID for a key, exact money, a parent that it cannot be without."""

    __tablename__ = "sqlmodel_missions"

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    title: str = Field(max_length=120)
    budget: Decimal = Field(max_digits=10, decimal_places=2)
    team_id: int | None = Field(default=None, foreign_key="sqlmodel_hero_teams.id", nullable=False)

    team: HeroTeam | None = Relationship(back_populates="missions")


NAMESPACE = uuid.UUID("5eed0000-0000-4000-8000-000000000002")


def make_link(n: int) -> HeroTeamLink:
    return HeroTeamLink(
        hero=Hero(name=f"hero-of-link-{n:06}", secret_name=f"Link {n:06}"),
        team=HeroTeam(name=f"team-of-link-{n:06}"),
        rank=n,
    )


def make_mission(n: int) -> Mission:
    return Mission(
        id=uuid.uuid5(NAMESPACE, str(n)),
        title=f"mission-{n:06}",
        budget=Decimal("1000.50"),
        team=HeroTeam(name=f"team-of-mission-{n:06}"),
    )


SAMPLES: tuple[Sample[Any], ...] = (
    Sample(
        HeroTeam,
        make=lambda n: HeroTeam(name=f"team-{n:06}", city="Springfield"),
        key=attrgetter("id"),
        column="city",
        values=("Shelbyville", "Ogdenville"),
        order="name",
    ),
    Sample(
        Hero,
        make=lambda n: Hero(name=f"hero-{n:06}", secret_name="Clark", age=n),
        key=attrgetter("id"),
        column="secret_name",
        values=("Diana", "Bruce"),
        order="age",
    ),
    Sample(
        HeroTeamLink,
        make=make_link,
        key=attrgetter("hero_id", "team_id"),
        column="role",
        values=("leader", "guest"),
        order="rank",
        parents=("hero", "team"),
    ),
    Sample(
        Mission,
        make=make_mission,
        key=attrgetter("id"),
        column="budget",
        values=(Decimal("0.01"), Decimal("99999999.99")),
        order="title",
        key_from_client=True,
        parents=("team",),
    ),
)
