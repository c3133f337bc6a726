"""What the application does: plain functions over a unit of work. They neither commit nor know who calls them.

A synchronous caller calls them; under `await` it is `await world.run_sync(move_people, ...)`.
"""

from __future__ import annotations

from .models import City
from .repositories import World


class NotEnoughPeopleError(Exception):
    """More people were asked to move than live in the city."""


def move_people(world: World, origin_id: int, destination_id: int, number: int) -> None:
    """Moves people from one city to another."""
    destination = world.cities.get_one(destination_id, with_for_update=True)
    destination.population += number
    world.flush()  # Those who arrive are in the database now, seen by this transaction alone.
    origin = world.cities.get_one(origin_id, with_for_update=True)
    if origin.population < number:
        raise NotEnoughPeopleError(f"{number:,} people cannot leave {origin.name}, where {origin.population:,} live")
    origin.population -= number


def addresses_one_by_one(world: World, number: int) -> list[str]:
    """Tells where the largest cities are, and loads each country and continent when it comes to it."""
    return [address(city) for city in world.cities.find(limit=number)]


def address(city: City) -> str:
    """Tells where a city is."""
    return f"{city.name}, {city.country.name}, {city.country.continent.name}"
