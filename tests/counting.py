"""Counts the statements that engines send. BEGIN, SAVEPOINT and PRAGMA do not count, nor do COMMIT and ROLLBACK."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

TRANSACTION_CONTROL = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "PRAGMA")


class Statements(list[str]):
    """The statements that were sent, in order."""

    def __int__(self) -> int:
        return len(self)


@contextmanager
def counted(*engines: Engine) -> Iterator[Statements]:
    """Collects the statements that `engines` send inside the block."""
    sent = Statements()

    def before(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith(TRANSACTION_CONTROL):
            sent.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", before)
    try:
        yield sent
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", before)
