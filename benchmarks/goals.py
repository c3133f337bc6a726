"""What dalkit is to reach, and whether a run did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from .results import Results
from .targets import BASELINE

Finder = Callable[[Results], float | None]


@dataclass(frozen=True)
class Goal:
    """A number to reach.

    Attributes:
        title: What it is the number of.
        wanted: The number.
        unit: What stands behind it: "x" is a speed-up, which must be at least so large; others at most.
        find: Returns the number that a run found, or None if it did not look.
    """

    title: str
    wanted: float
    unit: str
    find: Finder

    @property
    def sign(self) -> str:
        """Which side of the number is good."""
        return "≥" if self.unit == "x" else "≤"

    def verdict(self, found: float) -> str:
        """Tells whether a number is good, or by how much it is not."""
        lacking = self.wanted - found if self.unit == "x" else found - self.wanted
        return "met" if lacking <= 0 else f"missed by {self.number(lacking)}"

    def number(self, value: float) -> str:
        """Writes a number with its unit."""
        return f"{value:.2f}{self.unit}" if self.unit else f"{value:.0f}"


def speed_up(target: str, workload: str, over: str = BASELINE) -> Finder:
    """Finds how many times as fast dalkit is."""

    def find(results: Results) -> float | None:
        timing = results.timing(target, workload)
        return None if timing is None else timing.speed_up("dalkit", over)

    return find


def round_trips(target: str, workload: str) -> Finder:
    """Finds how many round trips dalkit needs."""
    return lambda results: results.round_trips.get(target, {}).get(workload, {}).get("dalkit")


def import_time(results: Results) -> float | None:
    """Finds how long dalkit takes to import."""
    times = results.imports.get("dalkit")
    return median(times) if times else None


def least_speed_up(results: Results) -> float | None:
    """Finds the workload in which dalkit is worst."""
    found = [speed_up(each.target, each.workload)(results) for each in results.timings]
    return min((each for each in found if each is not None), default=None)


GOALS = (
    Goal("`get` in a read-only scope over SQLAlchemy by hand, psycopg", 1.8, "x", speed_up("psycopg", "get")),
    Goal("find 20 in a read-only scope over SQLAlchemy by hand, psycopg", 1.6, "x", speed_up("psycopg", "find")),
    Goal("insert and read back over SQLAlchemy by hand, psycopg", 2.2, "x", speed_up("psycopg", "insert")),
    Goal("the worst of all workloads over SQLAlchemy by hand", 0.97, "x", least_speed_up),
    Goal("round trips of `get` in a read-only scope, psycopg", 1, "", round_trips("psycopg", "get")),
    Goal("`import dalkit` beyond `sqlalchemy.orm`", 15, " ms", import_time),
)
