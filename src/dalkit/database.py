"""The manager of a database: engines, sessions, scopes, tables, health."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias, cast

from sqlalchemy import Engine, MetaData, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.orm import DeclarativeBase, DeclarativeBaseNoMeta, scoped_session, sessionmaker
from sqlalchemy.pool import QueuePool
from typing_extensions import Unpack

from .config import DatabaseConfig, DatabaseOptions, refuse_unknown_options
from .dialects import support_for
from .dialects.base import READ_ONLY
from .dialects.drivers import driver_of, with_driver
from .dialects.engine import engine_arguments, prepare_engine, settled_pool, snapshot_engine
from .dialects.tables import drop_all
from .errors import ConfigurationError, InvalidArgumentError, ManagerClosedError
from .session import READ_ONLY_INFO, ReadOnly, Session, close, transaction

__all__ = ["DatabaseManager", "EngineHealth", "PoolStatus"]

logger = logging.getLogger("dalkit")


class HasMetadata(Protocol):
    """A class with a `metadata`, such as SQLModel or a base of your own."""

    @property
    def metadata(self) -> Any:
        """A `MetaData`."""
        ...


Tables: TypeAlias = type[DeclarativeBase] | type[DeclarativeBaseNoMeta] | type[HasMetadata] | MetaData


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """The connections of one engine at this moment.

    Attributes:
        kind: The class of the pool.
        checked_out: Connections in use, or None where the pool does not count.
        idle: Connections that wait for use, or None where the pool does not count.
        capacity: How many connections there can be at once, or None for no limit.
    """

    kind: str
    checked_out: int | None
    idle: int | None
    capacity: int | None


@dataclass(frozen=True, slots=True)
class EngineHealth:
    """Whether one engine answers.

    Attributes:
        engine: `"writer"` or `"reader"`.
        ok: Whether `SELECT 1` was answered.
        seconds: How long that took, with the wait for a connection.
        error: The class of what went wrong, or None. Its message is not kept, since it may name hosts and users.
        pool: The pool afterwards.
    """

    engine: str
    ok: bool
    seconds: float
    error: str | None
    pool: PoolStatus


class Engines:
    """The engines of one database: the writer, and the reader, made when it is first asked for."""

    def __init__(self, config: DatabaseConfig, create: Callable[[bool], Engine]) -> None:
        self.config = config
        self._create = create
        settled_pool(config, reading=True)  # refuses a read_pool that cannot work now, not when the first reader opens
        self._lock = threading.Lock()
        self._reader: Engine | None = None
        self._snapshot: Engine | None = None
        self._closed = False
        self._writer = self._prepared(reading=False)

    def _prepared(self, *, reading: bool) -> Engine:
        engine = self._create(reading)
        prepare_engine(engine, self.config, reading=reading)
        return engine

    @property
    def writer(self) -> Engine:
        """The engine of sessions that write."""
        self.check_open()
        return self._writer

    @property
    def reader(self) -> Engine:
        """The engine of read-only sessions; a database that lives in one connection shares the writer's pool."""
        self.check_open()
        with self._lock:
            if self._reader is None:
                self._reader = self._make_reader()
            return self._reader

    def _make_reader(self) -> Engine:
        if support_for(self.config.url).has_one_connection(self.config.url):
            return self._writer.execution_options(**{READ_ONLY: "statement"})
        return self._prepared(reading=True)

    def bind(self, read_only: ReadOnly) -> Engine:
        """Returns the engine for a scope."""
        if read_only not in (False, True, "snapshot"):
            raise InvalidArgumentError(f"read_only must be False, True or 'snapshot', got {read_only!r}")
        if read_only is False:
            return self.writer
        return self.reader if read_only is True else self._snapshot_reader()

    def _snapshot_reader(self) -> Engine:
        reader = self.reader
        if self._snapshot is None:
            self._snapshot = snapshot_engine(reader, self.config)
        return self._snapshot

    def existing(self) -> dict[str, Engine]:
        """Returns the engines made so far, by name."""
        self.check_open()
        return {"writer": self._writer} | ({} if self._reader is None else {"reader": self._reader})

    def _with_own_pool(self) -> list[Engine]:
        """Returns the engines made so far that have a pool of their own."""
        shared = self._reader is not None and self._reader.pool is self._writer.pool
        return [self._writer] if self._reader is None or shared else [self._writer, self._reader]

    def max_connections(self) -> int | None:
        """Returns how many connections this process can open, readers included, or None for no limit."""
        one = support_for(self.config.url).has_one_connection(self.config.url)
        capacities = [self._capacity(reading=reading) for reading in ((False,) if one else (False, True))]
        return None if None in capacities else sum(each or 0 for each in capacities)

    def _capacity(self, *, reading: bool) -> int | None:
        pool = settled_pool(self.config, reading=reading)
        return None if pool.kind == "NullPool" else (pool.size or 1) + (pool.max_overflow or 0)

    def pool_status(self) -> dict[str, PoolStatus]:
        """Returns the state of the pool of each engine made so far."""
        return {name: self._pool_status(name, engine) for name, engine in self.existing().items()}

    def _pool_status(self, name: str, engine: Engine) -> PoolStatus:
        pool, capacity = engine.pool, self._capacity(reading=name == "reader")
        if isinstance(pool, QueuePool):
            return PoolStatus(type(pool).__name__, pool.checkedout(), pool.checkedin(), capacity)
        return PoolStatus(type(pool).__name__, None, None, capacity)

    def health(self) -> list[EngineHealth]:
        """Sends `SELECT 1` through each engine made so far."""
        return [self._health(name, engine) for name, engine in self.existing().items()]

    def _health(self, name: str, engine: Engine) -> EngineHealth:
        start, error = time.perf_counter(), None
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception as failure:
            error = type(failure).__name__
        return EngineHealth(name, error is None, time.perf_counter() - start, error, self._pool_status(name, engine))

    def create_tables(self, tables: Tables) -> None:
        """Creates the tables that are missing."""
        with self.writer.begin() as connection:
            metadata_of(tables).create_all(connection)

    def drop_tables(self, tables: Tables) -> None:
        """Drops all tables."""
        drop_all(self.writer, metadata_of(tables))

    def check_open(self) -> None:
        """Raises if `cleanup` has been called."""
        if self._closed:
            raise ManagerClosedError("this DatabaseManager has been cleaned up", hint="make a new one")

    def dispose(self) -> None:
        """Closes all idle connections, once and for all."""
        self._closed = True
        for engine in self._with_own_pool():
            engine.dispose()


class DatabaseManager:
    """Engines, sessions and scopes of one database.

        db = DatabaseManager("sqlite:///shop.db")
        db.create_tables(Base)
        with db.session_scope() as session:
            ...

    It is safe to share between threads; a session is not. Use it as a context manager, or call `cleanup()`. No
    connection is made before the first statement.

    Args:
        source: The URL of the database, or a `DatabaseConfig`. A URL without a driver gets psycopg or PyMySQL.
        session_class: A subclass of [Session][dalkit.session.Session] for the sessions that it makes.
        **options: The attributes of [DatabaseConfig][dalkit.config.DatabaseConfig], such as `echo` or `pool`.

    Raises:
        ConfigurationError: The URL or a pool setting cannot work, or a secret would be shown.
    """

    def __init__(
        self,
        source: str | URL | DatabaseConfig,
        /,
        *,
        session_class: type[Session] = Session,
        **options: Unpack[DatabaseOptions],
    ) -> None:
        self.config = with_sync_driver(settled_config(source, options))
        self.session_class = session_class
        self._engines = Engines(self.config, self._create_engine)
        self._sessionmaker = sessionmaker(self.engine, class_=session_class, expire_on_commit=False)
        self._scoped = scoped_session(cast("Any", self._thread_session))

    def _create_engine(self, reading: bool) -> Engine:
        with driver_of(self.config.url):
            return create_engine(self.config.url, **engine_arguments(self.config, reading=reading))

    def __repr__(self) -> str:
        """Shows the URL without its password."""
        return f"<{type(self).__name__} {self.config.url!r}>"

    @property
    def engine(self) -> Engine:
        """The engine of sessions that write."""
        return self._engines.writer

    @property
    def read_engine(self) -> Engine:
        """The engine of read-only sessions, whose connections the database itself holds to reading."""
        return self._engines.reader

    @property
    def sessionmaker(self) -> sessionmaker[Session]:
        """A factory of sessions that write; who calls it ends the session. Entities stay readable after commit."""
        self._engines.check_open()
        return self._sessionmaker

    def open_session(self, *, read_only: ReadOnly = False) -> Session:
        """Opens a session for one transaction; who calls it ends it. After `close()` it cannot be used again.

        Args:
            read_only: False to write; True to read with one round trip per statement, each its own snapshot;
                "snapshot" to read in one READ ONLY transaction.
        """
        bind = self._engines.bind(read_only)
        return self.session_class(bind, **session_arguments(read_only))

    @contextmanager
    def session_scope(self, *, read_only: ReadOnly = False) -> Generator[Session]:
        """Opens a session, commits at the end of the block, rolls back on any exception, closes always.

        A commit that fails is rolled back, too. The caller sees the exception that came first.

        Args:
            read_only: As for `open_session`. A read-only scope that is left with changed objects raises.
        """
        session = self.open_session(read_only=read_only)
        with transaction(session):
            yield session

    @property
    def scoped(self) -> scoped_session[Session]:
        """A session per thread; call `db.scoped.remove()` when a request ends.

        See SQLAlchemy's [scoped_session](https://docs.sqlalchemy.org/en/21/orm/contextual.html). Inside a running event
        loop it raises, since tasks would share the thread's session.
        """
        self._engines.check_open()
        refuse_event_loop()
        return self._scoped

    def _thread_session(self, **options: Any) -> Session:
        refuse_event_loop()
        return self.sessionmaker(**options)

    def create_tables(self, tables: Tables, /) -> None:
        """Creates the tables that are missing.

        Args:
            tables: A declarative base, SQLModel, or a MetaData.
        """
        self._engines.create_tables(tables)

    def drop_tables(self, tables: Tables, /) -> None:
        """Drops all tables with their rows, whatever refers to whatever.

        Args:
            tables: A declarative base, SQLModel, or a MetaData.
        """
        self._engines.drop_tables(tables)

    def health(self) -> list[EngineHealth]:
        """Asks each engine made so far for a sign of life. It raises nothing: what is wrong stands in the result."""
        return self._engines.health()

    def pool_status(self) -> dict[str, PoolStatus]:
        """Returns the state of the pool of each engine made so far, by its name."""
        return self._engines.pool_status()

    @property
    def max_connections(self) -> int | None:
        """How many connections this process can open, the readers' included; None for no limit."""
        return self._engines.max_connections()

    def cleanup(self) -> None:
        """Closes the session of `scoped` in this thread, and all idle connections. The manager cannot be used again."""
        if self._scoped.registry.has():
            close(self._scoped())
            self._scoped.registry.clear()
        self._engines.dispose()
        logger.debug("manager %x: cleaned up", id(self))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cleanup()


def settled_config(source: str | URL | DatabaseConfig, options: DatabaseOptions) -> DatabaseConfig:
    """Returns the settings that a manager works with."""
    refuse_unknown_options(options)
    if isinstance(source, DatabaseConfig):
        return replace(source, **options)
    return DatabaseConfig.from_url(source, **options)


def session_arguments(read_only: ReadOnly) -> dict[str, Any]:
    """Returns the arguments of a session for one scope."""
    shared: dict[str, Any] = {"expire_on_commit": False, "close_resets_only": False}
    return shared | ({"autoflush": False, "info": {READ_ONLY_INFO: read_only}} if read_only else {})


def with_sync_driver(config: DatabaseConfig) -> DatabaseConfig:
    """Gives a URL without a driver the default one, and refuses a driver that only works under `await`."""
    url = with_driver(config.url, asynchronous=False)
    if getattr(url.get_dialect(), "is_async", False):
        raise ConfigurationError(
            f"{url.drivername} is an asynchronous driver", hint="use dalkit.aio.AsyncDatabaseManager, or another driver"
        )
    return replace(config, url=url)


def refuse_event_loop() -> None:
    """Refuses a session per thread where many tasks share the thread."""
    from asyncio import get_running_loop

    try:
        get_running_loop()
    except RuntimeError:
        return
    raise InvalidArgumentError(
        "db.scoped was used inside an event loop, where tasks would share one session",
        hint="use AsyncDatabaseManager.scoped, or session_scope()",
    )


def metadata_of(tables: Tables) -> MetaData:
    """Returns the metadata of a declarative base, or the metadata itself."""
    found = tables if isinstance(tables, MetaData) else getattr(tables, "metadata", None)
    if not isinstance(found, MetaData):
        raise InvalidArgumentError(f"expected a declarative base or a MetaData, got {tables!r}")
    return found
