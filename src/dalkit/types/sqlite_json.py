"""SQLite's half of [JSONType][dalkit.types.JSONType]; a module of its own, so that the dialect is imported when used."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.sqlite import JSON
from sqlalchemy.ext.compiler import compiles


class TextJSON(JSON):
    """JSON in a TEXT column: a column named JSON has numeric affinity, which turns 0.0 into 0 and rounds long numbers."""

    __visit_name__ = "dalkit_text_json"


@compiles(TextJSON, "sqlite")
def _text(type_: TextJSON, compiler: Any, **options: Any) -> str:
    return "TEXT"
