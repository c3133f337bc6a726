"""What came out of a run, and where it was run; as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Any, Self

from .targets import BASELINE

PACKAGES = ("dalkit", "sqlalchemy", "advanced-alchemy", "psycopg", "asyncpg", "pymysql")


@dataclass(frozen=True)
class Timing:
    """One workload on one target: for each contestant the median time of a call in each repeat, in microseconds."""

    target: str
    workload: str
    title: str
    microseconds: Mapping[str, list[float]]

    def median(self, contestant: str) -> float:
        """Returns the median time of a call."""
        return median(self.microseconds[contestant])

    def speed_ups(self, contestant: str, over: str = BASELINE) -> list[float]:
        """Returns how many times as fast a contestant was as another in each repeat, the least first."""
        pairs = zip(self.microseconds[over], self.microseconds[contestant], strict=True)
        return sorted(theirs / ours for theirs, ours in pairs)

    def speed_up(self, contestant: str, over: str = BASELINE) -> float | None:
        """Returns the median speed-up, or None if one of the two did not take part."""
        taken_part = {contestant, over} <= set(self.microseconds)
        return median(self.speed_ups(contestant, over)) if taken_part else None


@dataclass(frozen=True)
class Results:
    """All that a run found.

    Attributes:
        settings: What was chosen on the command line.
        versions: Of Python, the packages and the databases.
        machine: What it ran on, and how busy that was at the start.
        timings: See Timing.
        round_trips: By target, workload and contestant.
        imports: Milliseconds of each import in each repeat.
        left_out: What was not measured, and why, a line each.
    """

    settings: Mapping[str, Any]
    versions: dict[str, str]
    machine: Mapping[str, Any]
    timings: list[Timing] = field(default_factory=list)
    round_trips: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    imports: Mapping[str, list[float]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def timing(self, target: str, workload: str) -> Timing | None:
        """Returns what was measured of a workload, if it was."""
        return next((each for each in self.timings if (each.target, each.workload) == (target, workload)), None)

    def write(self, path: Path) -> None:
        """Writes all of it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads what was written."""
        held = json.loads(path.read_text(encoding="utf-8"))
        return cls(**{**held, "timings": [Timing(**timing) for timing in held["timings"]]})


def versions() -> dict[str, str]:
    """Returns the versions of what takes part here."""
    found = {"python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> dict[str, Any]:
    """Returns what this machine is, and how busy."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "date": datetime.now(UTC).date().isoformat(),
    }


def processor() -> str:
    """Returns the name of the processor, if the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
