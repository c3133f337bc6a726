"""Counts SQL statements, by an event of SQLAlchemy's engine."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event


class StatementCount:
    """How many statements were sent. BEGIN is not counted: only SQLite's is a statement of its own."""

    number = 0

    def count(self, connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            self.number += 1


@contextmanager
def counting(engine: Engine) -> Generator[StatementCount]:
    """Counts the statements that go through `engine` while the block runs."""
    statements = StatementCount()
    event.listen(engine, "before_cursor_execute", statements.count)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", statements.count)
