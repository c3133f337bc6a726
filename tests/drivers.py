"""The drivers that every behaviour is tested on, and what a test needs to be written once for all of them."""

from __future__ import annotations

import os
from asyncio import Runner
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Engine, text
from sqlalchemy.orm import Session
from sqlalchemy.util import greenlet_spawn

from dalkit import DatabaseManager, Definition, Repository, UnitOfWork, repository
from dalkit.aio import AsyncDatabaseManager, AsyncRepository, AsyncUnitOfWork
from tests import seed_models
from tests.bridge import Bridge
from tests.counting import Statements, counted


@dataclass(frozen=True)
class Driver:
    """A way to reach a database."""

    name: str
    backend: str
    drivername: str
    asynchronous: bool = False

    def __str__(self) -> str:
        return self.name


DRIVERS = (
    Driver("pysqlite", "sqlite", "sqlite+pysqlite"),
    Driver("aiosqlite", "sqlite", "sqlite+aiosqlite", asynchronous=True),
    Driver("psycopg", "postgresql", "postgresql+psycopg"),
    Driver("psycopg_async", "postgresql", "postgresql+psycopg", asynchronous=True),
    Driver("asyncpg", "postgresql", "postgresql+asyncpg", asynchronous=True),
    Driver("pymysql", "mariadb", "mariadb+pymysql"),
    Driver("asyncmy", "mariadb", "mariadb+asyncmy", asynchronous=True),
)


def chosen_drivers() -> list[Driver]:
    """The drivers that DALKIT_TEST_DRIVERS names (with a comma between them), or all."""
    wanted = os.environ.get("DALKIT_TEST_DRIVERS")
    if not wanted:
        return list(DRIVERS)
    by_name = {driver.name: driver for driver in DRIVERS}
    return [by_name[name.strip()] for name in wanted.split(",")]


@dataclass
class Kit:
    """One driver with a database of its own, and ways to make things that are sync or async as the driver is."""

    driver: Driver
    url: URL
    runner: Runner | None
    opened: list[Any] = field(default_factory=list[Any])

    @property
    def backend(self) -> str:
        """`sqlite`, `postgresql` or `mariadb`."""
        return self.driver.backend

    def run(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Runs a function where it can use the driver: as it is, or inside a greenlet."""
        if self.runner is None:
            return work(*args, **kwargs)
        return self.runner.run(greenlet_spawn(work, *args, **kwargs))

    def manager(self, url: URL | str | None = None, **options: Any) -> Any:
        """A manager that is cleaned up after the test."""
        if self.driver.asynchronous:
            made: Any = Bridge(AsyncDatabaseManager(url or self.url, **options))
        else:
            made = DatabaseManager(url or self.url, **options)
        self.opened.append(made)
        return made

    def clean_up(self) -> None:
        """Cleans up the managers that the test made."""
        while self.opened:
            self.run(self.opened.pop().cleanup)

    def repository(self, spec: type[Any], session: Session, *args: Any) -> Any:
        """A repository for a model, or of a class that a test derived from `Definition[Model]`."""
        made = self.repository_class(spec)(self.session_for_shell(session), *args)
        return Bridge(made) if self.driver.asynchronous else made

    def repository_class(self, spec: type[Any]) -> Any:
        """The repository class for a model or for a definition."""
        shell: Any = AsyncRepository if self.driver.asynchronous else Repository
        if issubclass(spec, Definition):
            return type(spec.__name__, (spec, shell), {})
        return shell[spec]

    def session_for_shell(self, session: Session) -> Any:
        """The session that a repository of this driver takes."""
        if not self.driver.asynchronous:
            return session
        from sqlalchemy.ext.asyncio import async_session

        return async_session(session)

    def unit(self, source: Any, *, read_only: Any = False, **repositories: type[Any]) -> Any:
        """A unit of work with repositories for the given models or definitions."""
        base: Any = AsyncUnitOfWork if self.driver.asynchronous else UnitOfWork
        wires = {name: repository(self.repository_class(spec)) for name, spec in repositories.items()}
        made = type("Unit", (base,), wires)(getattr(source, "target", source), read_only=read_only)
        return Bridge(made) if self.driver.asynchronous else made

    def statements(self, manager: Any) -> AbstractContextManager[Statements]:
        """Counts the statements that a manager sends inside the block."""
        return counted(manager.engine)


def empty_tables(engine: Engine) -> None:
    """Deletes all rows of all seed models, in whatever order they refer to each other."""
    off = {
        "sqlite": "PRAGMA defer_foreign_keys=ON",
        "postgresql": "SET LOCAL session_replication_role = replica",
        "mariadb": "SET SESSION foreign_key_checks = 0",
        "mysql": "SET SESSION foreign_key_checks = 0",
    }
    with engine.begin() as connection:
        connection.execute(text(off[engine.dialect.name]))
        for metadata in seed_models.METADATAS:
            for table in metadata.tables.values():
                connection.execute(table.delete())
        if engine.dialect.name in {"mariadb", "mysql"}:
            connection.execute(text("SET SESSION foreign_key_checks = 1"))


def create_tables(engine: Engine) -> None:
    """Creates the tables of all seed models."""
    with engine.begin() as connection:
        seed_models.create_tables(connection)
