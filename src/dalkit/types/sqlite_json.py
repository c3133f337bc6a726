"""SQLite's half of [JSONType][dalkit.types.JSONType]; a module of its own: the dialect is imported when it is used."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.sqlite import JSON
from sqlalchemy.ext.compiler import compiles


class TextJSON(JSON):
    """JSON in a TEXT column: one of type JSON is numeric to SQLite, which makes 0 of 0.0 and rounds long numbers."""

    __visit_name__ = "dalkit_text_json"


@compiles(TextJSON, "sqlite")
def _text(type_: TextJSON, compiler: Any, **options: Any) -> str:
    return "TEXT"
