"""SQLite: dalkit sends BEGIN itself.

The `sqlite3` module opens transactions late and not for every statement, so that reads are not repeatable, DDL is not
rolled back and a savepoint can be the transaction. Here the driver is told to send nothing, a writer begins with
BEGIN IMMEDIATE (it takes the lock at once, instead of failing when it first writes), a snapshot with BEGIN.
See https://docs.sqlalchemy.org/en/21/dialects/sqlite.html#sqlite-transactions and
https://www.sqlite.org/lang_transaction.html.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, Table, event
from sqlalchemy.engine import ExceptionContext

from ..config import DatabaseConfig, PoolConfig
from ..errors import ConfigurationError
from .base import READ_ONLY, DialectSupport, drop_each, filled

OWNED_ARGUMENTS = ("isolation_level", "autocommit")
INTERRUPTED = "dalkit_interrupted"
HELD = "dalkit_held_to_reading"


class SQLiteSupport(DialectSupport):
    """Files and databases in memory, under `sqlite3` and `aiosqlite`."""

    async_driver: ClassVar[str | None] = "aiosqlite"
    resets_itself: ClassVar[bool] = True
    default_pool = replace(DialectSupport.default_pool, recycle=None, pre_ping=False)
    memory_pool = replace(default_pool, size=1, max_overflow=0)

    def has_one_connection(self, url: URL) -> bool:
        """A database in memory belongs to its connection; sessions take turns on it."""
        database = url.database or ":memory:"
        named = {("mode", "memory"), ("vfs", "memdb")} & set(url.query.items())
        return bool(named) or ":memory:" in database or "mode=memory" in database

    def pool(self, url: URL, pool: PoolConfig) -> PoolConfig:
        """As for any database, but one in memory must never lose its one connection."""
        if not self.has_one_connection(url):
            return super().pool(url, pool)
        settled = super().pool(url, filled(pool, self.memory_pool) if pool.kind in {None, "QueuePool"} else pool)
        _refuse_second_connection(settled)
        return settled

    def connect_args(self, config: DatabaseConfig, *, reading: bool) -> dict[str, Any]:
        """Waits for locks, and lets the pool hand a connection from thread to thread."""
        for name in OWNED_ARGUMENTS:
            if name in config.connect_args or name in config.url.query:
                raise ConfigurationError(
                    f"connect argument {name!r} is set by dalkit, which sends BEGIN itself",
                    hint="leave it out; for autocommit use isolation_level='AUTOCOMMIT'",
                )
        return {"timeout": config.sqlite_busy_timeout, "check_same_thread": False, **config.connect_args}

    def attach(self, engine: Engine, config: DatabaseConfig, *, reading: bool) -> None:
        """Takes over BEGIN, and switches on what SQLite leaves off."""
        in_memory = self.has_one_connection(config.url)
        autocommit = config.isolation_level == "AUTOCOMMIT" and not reading
        wal_within = None if in_memory or reading else config.sqlite_busy_timeout
        event.listen(engine, "connect", _on_connect(wal_within=wal_within, query_only=reading))
        if in_memory or not reading:  # what listens to an engine makes each connection dearer
            event.listen(engine, "begin", _on_begin(autocommit=autocommit))
        event.listen(engine, "handle_error", _keep_when_interrupted)
        event.listen(engine, "reset", _renew_when_interrupted if reading else _roll_back_what_is_open)
        if config.hide_parameters and engine.dialect.is_async:
            logging.getLogger("aiosqlite").addFilter(_leave_out_parameters)
        if in_memory:
            event.listen(engine, "engine_connect", _hold_readers_to_reading)
            event.listen(engine, "reset", _allow_writing)

    def attach_snapshot(self, engine: Engine, config: DatabaseConfig) -> None:
        """Sends BEGIN, which the reader of a file does not."""
        if not self.has_one_connection(config.url):
            event.listen(engine, "begin", _on_begin(autocommit=False))

    @contextmanager
    def dropping(self, engine: Engine) -> Generator[Connection]:
        """Switches foreign keys off, which SQLite does outside of a transaction only."""
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            try:
                yield connection
            finally:
                connection.exec_driver_sql("PRAGMA foreign_keys=ON")

    def drop_together(self, connection: Connection, tables: Iterable[Table]) -> None:
        """Any order will do while foreign keys are off."""
        drop_each(connection, tables)


def _refuse_second_connection(pool: PoolConfig) -> None:
    """Each further connection would see an empty database of its own."""
    several = (pool.size or 1) + (pool.max_overflow or 0) > 1
    if pool.kind == "NullPool" or several or pool.recycle is not None:
        raise ConfigurationError(
            "a SQLite database in memory lives in one connection, which must stay open",
            hint="leave the pool settings out (sessions take turns), use kind='StaticPool', or a file",
        )


def _on_connect(*, wal_within: float | None, query_only: bool) -> Any:
    def connect(dbapi_connection: Any, record: Any) -> None:
        dbapi_connection.isolation_level = None
        cursor = dbapi_connection.cursor()
        cursor.execute("PRAGMA foreign_keys=ON")
        if wal_within is not None:
            _switch_to_wal(cursor, wal_within)
        if query_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    return connect


def _switch_to_wal(cursor: Any, seconds: float) -> None:
    """Tries again while others do the same: of two that switch a new file at once, SQLite lets one fail unwaited."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except Exception as error:
            busy = getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY")
            if not busy or time.monotonic() >= deadline:
                raise
            _wait_for_writers(cursor)
        else:
            return


def _wait_for_writers(cursor: Any) -> None:
    """Lets SQLite wait, which on an asynchronous driver does so in a thread of its own."""
    cursor.execute("BEGIN IMMEDIATE")
    cursor.execute("ROLLBACK")


def _on_begin(*, autocommit: bool) -> Any:
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        mode = options.get(READ_ONLY)
        own_level = options.get("isolation_level")
        if mode == "statement" or own_level == "AUTOCOMMIT" or (autocommit and own_level is None):
            return
        connection.exec_driver_sql("BEGIN" if mode == "snapshot" else "BEGIN IMMEDIATE")

    return begin


def _keep_when_interrupted(context: ExceptionContext) -> None:
    """A cancelled task or Ctrl-C leaves the connection sound.

    Thrown away, as with other databases, it would take a database in memory along, or keep the lock on a file for as
    long as the statement runs or its cursor lives.
    """
    if not isinstance(context.original_exception, Exception) and context.connection is not None:
        context.is_disconnect = False
        context.connection.info[INTERRUPTED] = True


def _roll_back_what_is_open(dbapi_connection: Any, record: Any, state: Any) -> None:
    """A COMMIT that failed leaves the transaction open, and the pool takes it for ended.

    After an interrupt nobody can tell: the driver's thread may yet be about to begin.
    """
    if not state.terminate_only and (record.info.pop(INTERRUPTED, False) or record.driver_connection.in_transaction):
        dbapi_connection.rollback()


def _renew_when_interrupted(dbapi_connection: Any, record: Any, state: Any) -> None:
    """Has a reader's connection replaced at checkout: a cursor not read to its end keeps it at an old snapshot."""
    if INTERRUPTED in record.info:
        record.invalidate(soft=True)
    _roll_back_what_is_open(dbapi_connection, record, state)


def _leave_out_parameters(record: logging.LogRecord) -> bool:
    """At DEBUG, aiosqlite logs each call that it makes, which has the values of parameters as its arguments."""
    if isinstance(record.args, tuple):
        record.args = tuple(getattr(each, "func", each) for each in record.args)
    return True


def _hold_readers_to_reading(connection: Connection) -> None:
    if connection.get_execution_options().get(READ_ONLY):
        connection.info[HELD] = True
        try:
            _run_pragma(connection.connection.dbapi_connection, "PRAGMA query_only=ON")
        except BaseException:
            connection.close()  # nobody else has it yet
            raise


def _allow_writing(dbapi_connection: Any, record: Any, state: Any) -> None:
    if not state.terminate_only and record.info.pop(HELD, False):
        _run_pragma(dbapi_connection, "PRAGMA query_only=OFF")


def _run_pragma(dbapi_connection: Any, pragma: str) -> None:
    cursor = dbapi_connection.cursor()
    cursor.execute(pragma)
    cursor.close()
