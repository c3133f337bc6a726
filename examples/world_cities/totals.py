"""What is compared at the end: the same totals, counted from the data set and from the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from .dataset import Dataset, alternate_names
from .repositories import World

SHOWN_DIFFERENCES = 5


class NameList(NamedTuple):
    """How many alternate names a city has. The larger of two is the longer list; the key breaks ties."""

    length: int
    city_id: int
    city: str

    def __str__(self) -> str:
        return f"{self.length} ({self.city})"


@dataclass(frozen=True)
class Totals:
    cities_per_country: Mapping[str, int]
    inhabitants: int
    longest: NameList


class Comparison(NamedTuple):
    """One total, as the data set and as the database have it."""

    total: str
    expected: str
    stored: str
    same: bool


def totals_of(dataset: Dataset) -> Totals:
    """Counts in the data set, with nothing but Python."""
    return Totals(
        Counter(city["countrycode"] for city in dataset.cities),
        sum(city["population"] for city in dataset.cities),
        max(NameList(len(alternate_names(city)), city["geonameid"], city["name"]) for city in dataset.cities),
    )


def stored_totals(world: World) -> Totals:
    """Counts in the database.

    Numbers of cities and inhabitants are counted there. The three databases have no common function for the length of a
    JSON list, so the lists are brought here and counted by Python; that also proves that each of them can be read.
    """
    return Totals(
        world.cities.per_country(),
        world.cities.inhabitants(),
        max(NameList(len(city.alternate_names), city.id, city.name) for city in world.cities.walk()),
    )


def compared(expected: Totals, stored: Totals) -> Iterator[Comparison]:
    """Puts the totals side by side."""
    counts = expected.cities_per_country, stored.cities_per_country
    cities = sum(counts[0].values()), sum(counts[1].values())
    people = expected.inhabitants, stored.inhabitants
    longest = expected.longest, stored.longest
    yield Comparison("cities", f"{cities[0]:,}", f"{cities[1]:,}", cities[0] == cities[1])
    yield Comparison("cities per country", per_country(*counts), per_country(*counts[::-1]), counts[0] == counts[1])
    yield Comparison("sum of populations", f"{people[0]:,}", f"{people[1]:,}", people[0] == people[1])
    yield Comparison("longest list of names", str(longest[0]), str(longest[1]), longest[0] == longest[1])


def per_country(counts: Mapping[str, int], others: Mapping[str, int]) -> str:
    """Returns the first counts that the others have not; if there are none, how many countries there are."""
    differing = [iso for iso in sorted(counts.keys() | others.keys()) if counts.get(iso) != others.get(iso)]
    shown = ", ".join(f"{iso} {counts.get(iso, 0):,}" for iso in differing[:SHOWN_DIFFERENCES])
    return shown or f"{len(counts)} countries"
