"""Inheritance in its two common forms: one table per class, joined by key, and one table for all classes."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import ForeignKey, MetaData, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dalkit import Base

from .sample import Sample


class InheritanceBase(Base):
    """Tables of these hierarchies, apart from all others."""

    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


class Team(InheritanceBase):
    """Holds people of every class in one collection."""

    __tablename__ = "inheritance_teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    motto: Mapped[str] = mapped_column(String(120), default="")

    members: Mapped[list[Person]] = relationship(back_populates="team", order_by="Person.name")


class Person(InheritanceBase):
    """Joined tables: the root has the key, the discriminator and what all share. A plain person is allowed."""

    __tablename__ = "inheritance_people"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    city: Mapped[str | None] = mapped_column(String(80))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("inheritance_teams.id"), index=True)

    team: Mapped[Team | None] = relationship(back_populates="members")

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "person"}


class Manager(Person):
    """A relationship from one child class to another; its table has two ways to the root's, so it names one."""

    __tablename__ = "inheritance_managers"

    id: Mapped[int] = mapped_column(ForeignKey("inheritance_people.id", ondelete="CASCADE"), primary_key=True)
    level: Mapped[int] = mapped_column(default=1)

    reports: Mapped[list[Engineer]] = relationship(back_populates="manager", foreign_keys=lambda: Engineer.manager_id)

    __mapper_args__ = {"polymorphic_identity": "manager"}


class Engineer(Person):
    """Columns of its own beside the root's."""

    __tablename__ = "inheritance_engineers"

    id: Mapped[int] = mapped_column(ForeignKey("inheritance_people.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(40))
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("inheritance_managers.id"), index=True)

    manager: Mapped[Manager | None] = relationship(back_populates="reports", foreign_keys=manager_id)

    __mapper_args__ = {"polymorphic_identity": "engineer"}


class Vehicle(InheritanceBase):
    """The root of three levels; selects load whole entities of every class at once."""

    __tablename__ = "inheritance_vehicles"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    plate: Mapped[str] = mapped_column(String(20), unique=True)
    wheels: Mapped[int]

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "vehicle", "with_polymorphic": "*"}


class Car(Vehicle):
    """The middle level, with a key column of another name than the root's."""

    __tablename__ = "inheritance_cars"

    car_id: Mapped[int] = mapped_column(ForeignKey("inheritance_vehicles.id", ondelete="CASCADE"), primary_key=True)
    doors: Mapped[int]

    __mapper_args__ = {"polymorphic_identity": "car"}


class ElectricCar(Car):
    """The leaf: one entity, three rows."""

    __tablename__ = "inheritance_electric_cars"

    car_id: Mapped[int] = mapped_column(ForeignKey("inheritance_cars.car_id", ondelete="CASCADE"), primary_key=True)
    range_kilometers: Mapped[int]

    __mapper_args__ = {"polymorphic_identity": "electric_car"}


class Shelter(InheritanceBase):
    """Where the animals live."""

    __tablename__ = "inheritance_shelters"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    city: Mapped[str] = mapped_column(String(80))

    animals: Mapped[list[Animal]] = relationship(back_populates="shelter", cascade="all, delete-orphan")


class Animal(InheritanceBase):
    """One table for all: there is no plain animal, and what one class adds is NULL in the rows of the others."""

    __tablename__ = "inheritance_animals"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    shelter_id: Mapped[int] = mapped_column(ForeignKey("inheritance_shelters.id", ondelete="CASCADE"), index=True)

    shelter: Mapped[Shelter] = relationship(back_populates="animals")

    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_abstract": True}


class Cat(Animal):
    """Shares the column `weight_grams` with the dogs."""

    indoor: Mapped[bool | None]
    weight_grams: Mapped[int | None] = mapped_column(use_existing_column=True)

    __mapper_args__ = {"polymorphic_identity": "cat"}


class Dog(Animal):
    """A relationship from a class of the one table to another class of the same table."""

    trick: Mapped[str | None] = mapped_column(String(60))
    weight_grams: Mapped[int | None] = mapped_column(use_existing_column=True)
    favorite_cat_id: Mapped[int | None] = mapped_column(ForeignKey("inheritance_animals.id", ondelete="SET NULL"))

    favorite_cat: Mapped[Cat | None] = relationship(remote_side=lambda: Cat.id, foreign_keys=favorite_cat_id)

    __mapper_args__ = {"polymorphic_identity": "dog"}


def make_shelter(label: str) -> Shelter:
    return Shelter(name=label, city="Springfield")


SAMPLES: tuple[Sample[Any], ...] = (
    Sample(
        Team,
        make=lambda n: Team(name=f"team-{n:06}", motto="Together"),
        key=attrgetter("id"),
        column="motto",
        values=("Onward", "Upward"),
        order="name",
    ),
    Sample(
        Person,
        make=lambda n: Person(name=f"person-{n:06}", city="Springfield"),
        key=attrgetter("id"),
        column="city",
        values=("Shelbyville", None),
        order="name",
    ),
    Sample(
        Manager,
        make=lambda n: Manager(name=f"manager-{n:06}", city="Springfield", level=2),
        key=attrgetter("id"),
        column="city",
        values=("Shelbyville", "Ogdenville"),
        order="name",
    ),
    Sample(
        Engineer,
        make=lambda n: Engineer(name=f"engineer-{n:06}", language="Python"),
        key=attrgetter("id"),
        column="language",
        values=("Elixir", "Rust"),
        order="name",
    ),
    Sample(
        Vehicle,
        make=lambda n: Vehicle(plate=f"vehicle-{n:06}", wheels=2),
        key=attrgetter("id"),
        column="wheels",
        values=(3, 6),
        order="plate",
    ),
    Sample(
        Car,
        make=lambda n: Car(plate=f"car-{n:06}", wheels=4, doors=5),
        key=attrgetter("id"),
        column="doors",
        values=(2, 3),
        order="plate",
    ),
    Sample(
        ElectricCar,
        make=lambda n: ElectricCar(plate=f"electric-{n:06}", wheels=4, doors=5, range_kilometers=400 + n),
        key=attrgetter("id"),
        column="doors",
        values=(2, 3),
        order="range_kilometers",
    ),
    Sample(
        Shelter,
        make=lambda n: make_shelter(f"shelter-{n:06}"),
        key=attrgetter("id"),
        column="city",
        values=("Shelbyville", "Ogdenville"),
        order="name",
    ),
    Sample(
        Cat,
        make=lambda n: Cat(name=f"cat-{n:06}", weight_grams=4_000, shelter=make_shelter(f"cats-{n:06}")),
        key=attrgetter("id"),
        column="weight_grams",
        values=(3_500, 4_200),
        order="name",
        parents=("shelter",),
    ),
    Sample(
        Dog,
        make=lambda n: Dog(name=f"dog-{n:06}", trick="roll", shelter=make_shelter(f"dogs-{n:06}")),
        key=attrgetter("id"),
        column="trick",
        values=("sit", "fetch"),
        order="name",
        parents=("shelter",),
    ),
)
