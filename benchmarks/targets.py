"""Where the work is done: a driver, its database, and who takes part."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from inspect import isawaitable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine

from tests.servers import Missing, Server, find_mariadb, find_postgresql

from . import data
from .contestants.base import Contestant
from .data import Scale

BASELINE = "sqlalchemy"
OPTIONAL = "advanced_alchemy"
SYNC = ("dalkit_sync:Dalkit", "handwritten_sync:Handwritten", "advanced_alchemy_sync:AdvancedAlchemy")
ASYNC = ("dalkit_async:Dalkit", "handwritten_async:Handwritten", "advanced_alchemy_async:AdvancedAlchemy")


@dataclass(frozen=True)
class Target:
    """A driver and who uses it.

    Attributes:
        name: How it is called on the command line.
        title: How it is called in the docs.
        backend: The database.
        drivername: As in a URL.
        administrator: The synchronous driver that makes and resets the tables.
        contestants: `module:class`, in `benchmarks.contestants`.
    """

    name: str
    title: str
    backend: str
    drivername: str
    administrator: str
    contestants: tuple[str, ...]


TARGETS = (
    Target(
        "psycopg",
        "PostgreSQL, psycopg",
        "postgresql",
        "postgresql+psycopg",
        "postgresql+psycopg",
        (*SYNC, "driver_sync:PsycopgDriver"),
    ),
    Target(
        "asyncpg",
        "PostgreSQL, asyncpg under `await`",
        "postgresql",
        "postgresql+asyncpg",
        "postgresql+psycopg",
        (*ASYNC, "driver_async:AsyncpgDriver"),
    ),
    Target("sqlite", "SQLite, a file", "sqlite", "sqlite", "sqlite", (*SYNC, "driver_sync:SQLiteDriver")),
    Target(
        "pymysql",
        "MariaDB, PyMySQL",
        "mariadb",
        "mariadb+pymysql",
        "mariadb+pymysql",
        (*SYNC, "driver_sync:PyMySQLDriver"),
    ),
)
BY_NAME = {target.name: target for target in TARGETS}


class Arena:
    """A target that is ready: its tables are filled, its contestants can be asked."""

    def __init__(self, target: Target, url: URL, scale: Scale, runner: asyncio.Runner) -> None:
        self.target = target
        self.url = url.set(drivername=target.drivername)
        self.scale = scale
        self.engine: Engine = create_engine(url.set(drivername=target.administrator))
        self._runner = runner

    def create(self) -> None:
        """Makes the tables."""
        data.create(self.engine, self.scale)
        data.reset(self.engine, self.scale, 0)

    @contextmanager
    def contestants(self, url: URL | None = None) -> Iterator[list[Contestant]]:
        """Opens all contestants, through another URL if one is given."""
        with ExitStack() as stack:
            opened: list[Contestant] = []
            for each in filter(installed, self.target.contestants):
                contestant = self._make(each, url or self.url)
                stack.callback(self.call, contestant.close)
                opened.append(contestant)
            yield opened

    def _make(self, place: str, url: URL) -> Contestant:
        module, name = place.split(":")
        kind: type[Contestant] = getattr(import_module(f"benchmarks.contestants.{module}"), name)
        return kind(url, self.scale)

    def wait(self, answer: Any) -> Any:
        """Returns an answer, or waits for it where the contestants are asynchronous."""
        return self._runner.run(_awaited(answer)) if isawaitable(answer) else answer

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Calls a method of a contestant and waits for its answer."""
        return self.wait(function(*arguments))


def installed(place: str) -> bool:
    """Tells whether a contestant can take part; Advanced Alchemy need not be there."""
    return not place.startswith(OPTIONAL) or find_spec(OPTIONAL) is not None


async def _awaited(answer: Any) -> Any:
    return await answer


class Databases:
    """The private servers of a run, started when they are first needed."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._servers: dict[str, Server] = {}

    def server(self, backend: str) -> Server | Missing:
        """Returns the running server of a backend, or why there is none."""
        if backend not in self._servers:
            found = find_postgresql() if backend == "postgresql" else find_mariadb()
            if isinstance(found, Missing):
                return found
            server: Server = found.server()
            self._servers[backend] = self._stack.enter_context(server)
        return self._servers[backend]

    def url(self, target: Target) -> URL | Missing:
        """Returns a new database for a target."""
        if target.backend == "sqlite":
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="dalkit-", dir=_memory()))
            return URL.create("sqlite", database=str(Path(folder) / "benchmark.db"))
        server = self.server(target.backend)
        if isinstance(server, Missing):
            return server
        server.create_database(f"benchmark_{target.name}")
        return server.url(f"benchmark_{target.name}")

    def __enter__(self) -> Databases:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def _memory() -> str | None:
    """Returns a folder in memory, so that no disk is measured; None where there is none."""
    shared = Path("/dev/shm")  # noqa: S108
    return str(shared) if os.access(shared, os.W_OK) else None
