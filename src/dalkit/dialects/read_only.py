"""What a read-only connection refuses before anything is sent.

The database itself refuses writes on such a connection. What it would silently accept is refused here: a lock or a
setting that lasts for a transaction does nothing where every statement is its own.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, Engine, event

from ..errors import ReadOnlySessionError
from .base import READ_ONLY

WRITER_HINT = "use a scope without read_only for it"
WRITES = re.compile(r"\s*(insert|update|delete|replace|merge|create|alter|drop|truncate)\b", re.IGNORECASE)
QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/", re.DOTALL)
ROW_LOCK = re.compile(
    r"\bfor\s+(?:no\s+key\s+update|key\s+share|update|share)\b|\block\s+in\s+share\s+mode\b", re.IGNORECASE
)
TRANSACTION_BOUND = re.compile(r"\bset\s+local\b|\bpg_(?:try_)?advisory_xact_lock|\bsavepoint\b", re.IGNORECASE)


def attach_read_guard(engine: Engine) -> None:
    """Makes the read-only connections of `engine` refuse what they must."""
    event.listen(engine, "before_cursor_execute", _refuse_statement)
    event.listen(engine, "savepoint", _refuse_savepoint)


def _refuse_statement(
    connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> None:
    mode = connection.get_execution_options().get(READ_ONLY)
    if mode is None:
        return
    if (context is not None and _is_write(context)) or WRITES.match(statement):
        raise ReadOnlySessionError("a read-only scope was asked to write", hint=WRITER_HINT)
    _refuse_clause(ROW_LOCK, statement, "a row lock")
    if mode == "statement":
        _refuse_clause(TRANSACTION_BOUND, statement, "a lock, setting or savepoint that lasts for a transaction")


def _is_write(context: Any) -> bool:
    return bool(context.isinsert or context.isupdate or context.isdelete or context.isddl)


def _refuse_clause(pattern: re.Pattern[str], statement: str, what: str) -> None:
    if pattern.search(statement) and pattern.search(QUOTED.sub("''", statement)):
        raise ReadOnlySessionError(f"a read-only scope was asked for {what}", hint=WRITER_HINT)


def _refuse_savepoint(connection: Connection, name: str | None) -> None:
    if connection.get_execution_options().get(READ_ONLY):
        raise ReadOnlySessionError("a read-only scope has no savepoints", hint=WRITER_HINT)
