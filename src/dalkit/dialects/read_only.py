"""What a read-only connection refuses before anything is sent.

The database itself refuses writes on such a connection. What it would silently accept is refused here: a lock or a
setting that lasts for a transaction does nothing where every statement is its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.sql.expression import SavepointClause

from ..errors import ReadOnlySessionError
from .base import READ_ONLY

WRITE = "a read-only scope was asked to write"
WRITER_HINT = "use a scope without read_only for it"
WRITES = re.compile(r"\s*(insert|update|delete|replace|merge|create|alter|drop|truncate)\b", re.IGNORECASE)
WITH = re.compile(r"\s*with\b", re.IGNORECASE)
WRITES_IN_WITH = re.compile(
    r"\b(?:(?:insert|merge)\s+into|delete\s+from|update\s+(?:\S+\s+){1,4}?set)\b", re.IGNORECASE
)
ROW_LOCK = re.compile(
    r"\bfor\s+(?:no\s+key\s+update|key\s+share|update|share)\b|\block\s+in\s+share\s+mode\b", re.IGNORECASE
)
TRANSACTION_BOUND = re.compile(r"\bset\s+local\b|\bpg_(?:try_)?advisory_xact_lock|(?:^|;)\s*savepoint\b", re.IGNORECASE)


def _quoting(*literals: str, comment: str = r"--[^\n]*") -> re.Pattern[str]:
    """Builds the pattern of what a database reads as a literal, a quoted name or a comment."""
    return re.compile("|".join([*literals, comment, r"/\*.*?\*/"]), re.DOTALL | re.IGNORECASE)


SINGLE, DOUBLE, BACKTICKS = r"'(?:[^']|'')*'", r'"(?:[^"]|"")*"', r"`[^`]*`"
BACKSLASHED = r"'(?:[^'\\]|''|\\.)*'"
STANDARD_QUOTING = _quoting(SINGLE, DOUBLE, BACKTICKS)
MARIADB_QUOTING = _quoting(BACKSLASHED, BACKSLASHED.replace("'", '"'), BACKTICKS, comment=r"--(?=\s|$)[^\n]*|\#[^\n]*")
QUOTING: Mapping[str, re.Pattern[str]] = {
    "sqlite": _quoting(SINGLE, DOUBLE, BACKTICKS, r"\[[^\]]*\]"),
    "postgresql": _quoting(rf"\be{BACKSLASHED}", SINGLE, DOUBLE, r"\$(?P<tag>(?:[a-z_]\w*)?)\$.*?\$(?P=tag)\$"),
    "mysql": MARIADB_QUOTING,
    "mariadb": MARIADB_QUOTING,
}


def attach_read_guard(engine: Engine) -> None:
    """Makes the read-only connections of `engine` refuse what they must; the verdict on a text is kept."""
    refusal_of_text = lru_cache(maxsize=1000)(_refusal_of_text)

    def refuse(cursor: Any, statement: str, context: Any) -> None:
        if context is None or (mode := context.root_connection.get_execution_options().get(READ_ONLY)) is None:
            return
        refused = _refusal_of_construct(context) or refusal_of_text(statement, mode, context.dialect.name)
        if refused is not None:
            raise ReadOnlySessionError(refused, hint=WRITER_HINT)

    def with_parameters(cursor: Any, statement: str, parameters: Any, context: Any) -> None:
        refuse(cursor, statement, context)

    # Listeners of the dialect, not of the engine: those would cost every connection 14 microseconds.
    event.listen(engine, "do_execute", with_parameters)
    event.listen(engine, "do_executemany", with_parameters)
    event.listen(engine, "do_execute_no_params", refuse)


def _refusal_of_construct(context: Any) -> str | None:
    """Returns why a statement that SQLAlchemy made is refused, or None."""
    if isinstance(getattr(context.compiled, "statement", None), SavepointClause):
        return "a read-only scope has no savepoints"
    return WRITE if context.isinsert or context.isupdate or context.isdelete or context.isddl else None


def _refusal_of_text(statement: str, mode: str, dialect: str) -> str | None:
    """Returns why a connection in this mode refuses a text, or None."""
    quoting = QUOTING.get(dialect, STANDARD_QUOTING)
    if WRITES.match(statement) or _writes_in_with(statement, quoting):
        return WRITE
    if _says(ROW_LOCK, statement, quoting):
        return "a read-only scope was asked for a row lock"
    if mode == "statement" and _says(TRANSACTION_BOUND, statement, quoting):
        return "a read-only scope was asked for a lock, setting or savepoint that lasts for a transaction"
    return None


def _writes_in_with(statement: str, quoting: re.Pattern[str]) -> bool:
    return WITH.match(statement) is not None and _says(WRITES_IN_WITH, statement, quoting)


def _says(words: re.Pattern[str], statement: str, quoting: re.Pattern[str]) -> bool:
    """Tells whether the words stand in a statement, outside of what is quoted."""
    return words.search(statement) is not None and words.search(quoting.sub("''", statement)) is not None
