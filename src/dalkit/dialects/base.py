"""What dalkit asks of a database, with answers that hold for any."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar

from sqlalchemy import URL, Connection, Engine, Table

from ..config import DatabaseConfig, PoolConfig
from ..errors import ConfigurationError

READ_ONLY = "dalkit_read_only"
"""The execution option of an engine whose connections only read: "statement" or "snapshot"."""

QUEUE_ONLY = ("size", "max_overflow", "timeout", "use_lifo")


class DialectSupport:
    """The answers for a database of which dalkit knows nothing special."""

    driver: ClassVar[str | None] = None
    async_driver: ClassVar[str | None] = None
    skip_autocommit_rollback: ClassVar[bool] = False
    reader_isolation: ClassVar[str | None] = None
    resets_itself: ClassVar[bool] = False
    default_pool = PoolConfig(
        kind="QueuePool", size=5, max_overflow=10, timeout=30.0, recycle=1800.0, pre_ping=True, use_lifo=False
    )

    def pool(self, url: URL, pool: PoolConfig) -> PoolConfig:
        """Fills what `pool` leaves open, and refuses what its kind would reject."""
        kind = pool.kind or "QueuePool"
        if kind == "QueuePool":
            return filled(pool, self.default_pool)
        refuse_without_queue(pool, kind)
        return replace(pool, kind=kind, pre_ping=bool(pool.pre_ping))

    def has_one_connection(self, url: URL) -> bool:
        """Tells whether the whole database lives in one connection."""
        return False

    def connect_args(self, config: DatabaseConfig, *, reading: bool) -> dict[str, Any]:
        """Returns the arguments of the driver's `connect()`."""
        return dict(config.connect_args)

    def attach(self, engine: Engine, config: DatabaseConfig, *, reading: bool) -> None:
        """Registers what the connections of `engine` need."""

    def attach_snapshot(self, engine: Engine, config: DatabaseConfig) -> None:
        """Registers what the transactions of a reader's snapshot engine need."""

    @contextmanager
    def dropping(self, engine: Engine) -> Generator[Connection]:
        """Opens a transaction in which tables can be dropped while rows refer to each other."""
        with engine.begin() as connection:
            yield connection

    def drop_together(self, connection: Connection, tables: Iterable[Table]) -> None:
        """Drops tables that cannot be sorted; where nothing is known of that, SQLAlchemy tells which they are."""


def filled(pool: PoolConfig, defaults: PoolConfig) -> PoolConfig:
    """Takes from `defaults` what `pool` leaves open."""
    open_fields = {name: getattr(defaults, name) for name in PoolConfig.__slots__ if getattr(pool, name) is None}
    return replace(pool, **open_fields)


def refuse_without_queue(pool: PoolConfig, kind: str) -> None:
    """Refuses settings of a queue for a pool that has none."""
    given = [name for name in QUEUE_ONLY if getattr(pool, name) is not None]
    if given:
        raise ConfigurationError(
            f"{kind} does not take {', '.join(given)}", hint="leave it out, or use kind='QueuePool'"
        )


def with_added(arguments: Mapping[str, Any], name: str, added: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `arguments` with `added` merged into the mapping that stands under `name`."""
    return {**arguments, name: {**arguments.get(name, {}), **added}}


def drop_each(connection: Connection, tables: Iterable[Table]) -> None:
    """Drops the tables that exist, in any order."""
    for table in tables:
        table.drop(connection, checkfirst=True)


def on_connect(*statements: str) -> Callable[[Any, Any], None]:
    """Returns a listener that runs statements on a new connection and leaves it without an open transaction."""

    def run(dbapi_connection: Any, record: Any) -> None:
        cursor = dbapi_connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()
        dbapi_connection.commit()

    return run
