"""MariaDB and MySQL."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import Engine, event

from ..config import DatabaseConfig
from .base import DialectSupport, on_connect


class MariaDBSupport(DialectSupport):
    """Sessions run in UTC, since DATETIME keeps no zone and `now()` is in the session's; readers can only read."""

    async_driver: ClassVar[str | None] = "asyncmy"
    snapshot_isolation: ClassVar[str | None] = "REPEATABLE READ"
    skip_autocommit_rollback: ClassVar[bool] = True
    reader_isolation: ClassVar[str | None] = "AUTOCOMMIT"

    def attach(self, engine: Engine, config: DatabaseConfig, *, reading: bool) -> None:
        """Sets the zone and, for readers, the access mode of all later transactions, when a connection is made."""
        statements = ["SET SESSION time_zone = '+00:00'"]
        if reading:
            statements.append("SET SESSION TRANSACTION READ ONLY")
        event.listen(engine, "connect", on_connect(*statements))
