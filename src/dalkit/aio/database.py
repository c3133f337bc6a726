"""The manager of a database under `await`."""

from __future__ import annotations

import logging
from asyncio import current_task
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Self, TypeVar, final

from sqlalchemy import URL, Engine
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_scoped_session,
    async_sessionmaker,
    create_async_engine,
)
from typing_extensions import Unpack

from ..config import DatabaseConfig, DatabaseOptions
from ..database import EngineHealth, Engines, PoolStatus, Tables, session_arguments, settled_config
from ..dialects.drivers import driver_of, with_driver
from ..dialects.engine import engine_arguments
from ..errors import ConfigurationError
from ..session import ReadOnly, Session, close
from .transaction import shielded, transaction

__all__ = ["AsyncDatabaseManager"]

T = TypeVar("T")
logger = logging.getLogger("dalkit")


class AsyncDatabaseManager:
    """Engines, sessions and scopes of one database, under `await`: see [DatabaseManager][dalkit.DatabaseManager].

        async with AsyncDatabaseManager("sqlite:///shop.db") as db:
            await db.create_tables(Base)
            async with db.session_scope() as session:
                ...

    It is safe to share between the tasks of one event loop; a session is not.

    Args:
        source: The URL of the database, or a `DatabaseConfig`. A URL without a driver gets aiosqlite, psycopg or
            asyncmy.
        session_class: A subclass of [Session][dalkit.session.Session] for the sessions inside.
        **options: The attributes of [DatabaseConfig][dalkit.config.DatabaseConfig], such as `echo` or `pool`.

    Raises:
        ConfigurationError: The URL or a pool setting cannot work, or its driver is not asynchronous.
    """

    def __init__(
        self,
        source: str | URL | DatabaseConfig,
        /,
        *,
        session_class: type[Session] = Session,
        **options: Unpack[DatabaseOptions],
    ) -> None:
        self.config = with_async_driver(settled_config(source, options))
        self.session_class = session_class
        self._engines = Engines(self.config, self._create_engine)
        self._sessionmaker = async_sessionmaker(
            self.engine, class_=AsyncSession, sync_session_class=session_class, expire_on_commit=False
        )
        self._scoped = async_scoped_session(self._sessionmaker, scopefunc=current_task)

    def _create_engine(self, reading: bool) -> Engine:
        arguments = engine_arguments(self.config, reading=reading, asynchronous=True)
        with driver_of(self.config.url):
            return create_async_engine(self.config.url, **arguments).sync_engine

    def __repr__(self) -> str:
        """Shows the URL without its password."""
        return f"<{type(self).__name__} {self.config.url!r}>"

    @property
    def engine(self) -> AsyncEngine:
        """The engine of sessions that write."""
        return AsyncEngine(self._engines.writer)

    @property
    def read_engine(self) -> AsyncEngine:
        """The engine of read-only sessions, whose connections the database itself holds to reading."""
        return AsyncEngine(self._engines.reader)

    @property
    def sessionmaker(self) -> async_sessionmaker[AsyncSession]:
        """A factory of sessions that write; who calls it ends the session. Entities stay readable after commit."""
        self._engines.check_open()
        return self._sessionmaker

    def open_session(self, *, read_only: ReadOnly = False) -> AsyncSession:
        """Opens a session for one transaction; who calls it ends it. After `close()` it cannot be used again.

        Args:
            read_only: False to write; True to read with one round trip per statement, each its own snapshot;
                "snapshot" to read in one READ ONLY transaction.
        """
        bind = AsyncEngine(self._engines.bind(read_only))
        return AsyncSession(bind, sync_session_class=self.session_class, **session_arguments(read_only))

    @final
    @asynccontextmanager
    async def session_scope(self, *, read_only: ReadOnly = False) -> AsyncGenerator[AsyncSession]:
        """Opens a session, commits at the end of the block, rolls back on any exception, closes always.

        A commit that fails is rolled back, too; so is a block whose task is cancelled. The caller sees the exception
        that came first.

        Args:
            read_only: As for `open_session`. A read-only scope that is left with changed objects raises.
        """
        session = self.open_session(read_only=read_only)
        async with transaction(session):
            yield session

    @property
    def scoped(self) -> async_scoped_session[AsyncSession]:
        """A session per task; each task must end with `await db.scoped.remove()`.

        See SQLAlchemy's [async_scoped_session](https://docs.sqlalchemy.org/en/21/orm/extensions/asyncio.html).
        """
        self._engines.check_open()
        return self._scoped

    @final
    async def create_tables(self, tables: Tables, /) -> None:
        """Creates the tables that are missing.

        Args:
            tables: A declarative base, SQLModel, or a MetaData.
        """
        await self._bridge().run_sync(lambda _: self._engines.create_tables(tables))

    @final
    async def drop_tables(self, tables: Tables, /) -> None:
        """Drops all tables with their rows, whatever refers to whatever.

        Args:
            tables: A declarative base, SQLModel, or a MetaData.
        """
        await self._bridge().run_sync(lambda _: self._engines.drop_tables(tables))

    @final
    async def health(self) -> list[EngineHealth]:
        """Asks each engine made so far for a sign of life. It raises nothing: what is wrong stands in the result."""
        return await self._bridge().run_sync(lambda _: self._engines.health())

    def pool_status(self) -> dict[str, PoolStatus]:
        """Returns the state of the pool of each engine made so far, by its name."""
        return self._engines.pool_status()

    @property
    def max_connections(self) -> int | None:
        """How many connections this process can open, the readers' included; None for no limit."""
        return self._engines.max_connections()

    @final
    async def cleanup(self) -> None:
        """Closes the session of `scoped` in this task, and all idle connections. The manager cannot be used again."""
        if self._scoped.registry.has():
            await shielded(self._scoped().run_sync(close))
            self._scoped.registry.clear()
        await self._bridge().run_sync(lambda _: self._engines.dispose())
        logger.debug("manager %x: cleaned up", id(self))

    def _bridge(self) -> AsyncSession:
        """A session without a bind: its `run_sync` lets synchronous code wait for asynchronous drivers."""
        return AsyncSession()

    @final
    async def __aenter__(self) -> Self:
        return self

    @final
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.cleanup()


def with_async_driver(config: DatabaseConfig) -> DatabaseConfig:
    """Gives a URL without a driver the asynchronous one, and refuses one with a driver that is not."""
    url = with_driver(config.url, asynchronous=True)
    if not _dialect(url).is_async:
        suggested = with_driver(url.set(drivername=url.get_backend_name()), asynchronous=True)
        hint = f"write {suggested.drivername}://" if "+" in suggested.drivername else None
        raise ConfigurationError(f"{url.drivername} is not an asynchronous driver", hint=hint)
    return replace(config, url=url)


def _dialect(url: URL) -> Any:
    dialect: Any = url.get_dialect()
    return dialect.get_async_dialect_cls(url)
