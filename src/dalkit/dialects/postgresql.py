"""PostgreSQL, under psycopg, psycopg2, asyncpg and others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, Table, event

from ..config import DatabaseConfig
from .base import DialectSupport, on_connect, with_added

READ_ONLY_SETTING = "default_transaction_read_only"
LIBPQ_DRIVERS = frozenset({"psycopg", "psycopg_async", "psycopg2"})


class PostgreSQLSupport(DialectSupport):
    """Readers' connections are opened with default_transaction_read_only, so that the server refuses writes."""

    driver: ClassVar[str | None] = "psycopg"
    async_driver: ClassVar[str | None] = "psycopg"
    skip_autocommit_rollback: ClassVar[bool] = True
    reader_isolation: ClassVar[str | None] = "AUTOCOMMIT"

    def connect_args(self, config: DatabaseConfig, *, reading: bool) -> dict[str, Any]:
        """Sends the setting with the start-up message, where the driver can: it costs no round trip."""
        arguments = dict(config.connect_args)
        driver = config.url.get_driver_name()
        if reading and driver in LIBPQ_DRIVERS:
            given = arguments.get("options") or config.url.query.get("options") or ""
            return {**arguments, "options": f"{given} -c {READ_ONLY_SETTING}=on".strip()}
        if reading and driver == "asyncpg":
            return with_added(arguments, "server_settings", {READ_ONLY_SETTING: "on"})
        return arguments

    def attach(self, engine: Engine, config: DatabaseConfig, *, reading: bool) -> None:
        """Sends the setting as a statement where the driver cannot send it with the start-up message."""
        if reading and engine.driver not in {*LIBPQ_DRIVERS, "asyncpg"}:
            event.listen(engine, "connect", on_connect(f"SET {READ_ONLY_SETTING} = on"))

    def attach_snapshot(self, engine: Engine, config: DatabaseConfig) -> None:
        """Sets the isolation level of each connection when it is taken."""
        event.listen(engine, "engine_connect", _isolate)

    def drop_together(self, connection: Connection, tables: Iterable[Table]) -> None:
        """Names all in one DROP TABLE, which then asks only whether other tables refer to them."""
        names = ", ".join(map(connection.dialect.identifier_preparer.format_table, tables))
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {names}")


def _isolate(connection: Connection) -> None:
    """Does what an option of the engine would do, but loses no connection if the task is cancelled meanwhile."""
    try:
        connection.execution_options(isolation_level="REPEATABLE READ")
    except BaseException:
        connection.invalidate()
        connection.close()
        raise
