"""MariaDB and MySQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from sqlalchemy import Connection, Engine, Table, event, inspect

from ..config import DatabaseConfig
from .base import DialectSupport, drop_each, on_connect


class MariaDBSupport(DialectSupport):
    """Sessions run in UTC, since DATETIME keeps no zone and `now()` is in the session's; readers can only read."""

    driver: ClassVar[str | None] = "pymysql"
    async_driver: ClassVar[str | None] = "asyncmy"
    skip_autocommit_rollback: ClassVar[bool] = True
    reader_isolation: ClassVar[str | None] = "AUTOCOMMIT"

    def attach(self, engine: Engine, config: DatabaseConfig, *, reading: bool) -> None:
        """Sets the zone and, for readers, what all later transactions are, when a connection is made."""
        statements = ["SET SESSION time_zone = '+00:00'"]
        if reading:
            statements.append("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        event.listen(engine, "connect", on_connect(*statements))

    def attach_snapshot(self, engine: Engine, config: DatabaseConfig) -> None:
        """Leaves autocommit for the transaction."""
        event.listen(engine, "begin", _begin_snapshot)
        event.listen(engine, "reset", _end_snapshot(engine))

    def drop_together(self, connection: Connection, tables: Iterable[Table]) -> None:
        """Any order will do when their foreign keys are gone, which the server has given names."""
        together = list(tables)
        inspector, quoted = inspect(connection), connection.dialect.identifier_preparer
        for table in together:
            if inspector.has_table(table.name, schema=table.schema):
                for key in inspector.get_foreign_keys(table.name, schema=table.schema):
                    name = quoted.quote(str(key["name"]))
                    connection.exec_driver_sql(f"ALTER TABLE {quoted.format_table(table)} DROP FOREIGN KEY {name}")
        drop_each(connection, together)


def _begin_snapshot(connection: Connection) -> None:
    """Sends it as a statement: SQLAlchemy's own way loses the connection if that proves dead here."""
    connection.exec_driver_sql("SET autocommit = 0")


def _end_snapshot(engine: Engine) -> Callable[[Any, Any, Any], None]:
    dialect = engine.dialect

    def reset(dbapi_connection: Any, record: Any, state: Any) -> None:
        if not state.terminate_only and not dialect.detect_autocommit_setting(dbapi_connection):
            dialect.set_isolation_level(dbapi_connection, "AUTOCOMMIT")

    return reset
