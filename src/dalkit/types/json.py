"""JSON documents that come back as they went in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, cast

from sqlalchemy import JSON, Dialect, TypeDecorator
from sqlalchemy.types import TypeEngine

from ..errors import UnstorableValueError

__all__ = ["JSONType"]

PLAIN = (str, bool, int, type(None))


class JSONType(TypeDecorator[Any]):
    """A JSON document: JSONB on PostgreSQL, JSON on MariaDB and MySQL, text on SQLite.

    Every JSON value is kept as it is, `{}`, `[]`, `0`, `False` and `""` too. None is SQL NULL. What JSON cannot hold
    (NaN, infinities, keys that are no strings, objects) raises
    [UnstorableValueError][dalkit.errors.UnstorableValueError] before any SQL is sent, and names the place in the
    document. Path expressions such as `City.names[0].as_string()` work as with SQLAlchemy's
    [JSON](https://docs.sqlalchemy.org/en/21/core/type_basics.html#sqlalchemy.types.JSON).

    A document is written when the attribute is **set**: change a copy and assign it. A change inside a document that
    was loaded is not noticed.
    """

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Chooses the best column that the database has."""
        if dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import JSONB

            return dialect.type_descriptor(JSONB(none_as_null=True))
        if dialect.name == "sqlite":
            from .sqlite_json import TextJSON

            return TextJSON(none_as_null=True)
        return dialect.type_descriptor(JSON(none_as_null=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Refuses what JSON cannot hold."""
        if value is not None and value is not JSON.NULL:
            for path, fault in faults(value, "$"):
                raise UnstorableValueError(f"JSON cannot hold {fault} (at {path})", path=path)
        return value

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        """Lets path operators choose their own types, as JSON does."""
        return self.impl_instance.coerce_compared_value(op, value)


def faults(value: object, path: str) -> Iterator[tuple[str, str]]:
    """Yields each place in a document, with what is wrong there."""
    if isinstance(value, dict):
        yield from _faults_of_object(cast("dict[object, object]", value), path)
    elif isinstance(value, list | tuple):
        for position, item in enumerate(cast("list[object]", value)):
            yield from faults(item, f"{path}[{position}]")
    elif isinstance(value, float):
        if not math.isfinite(value):
            yield path, "NaN or an infinity"
    elif not isinstance(value, PLAIN):
        yield path, f"a value of type {type(value).__name__}"


def _faults_of_object(value: dict[object, object], path: str) -> Iterator[tuple[str, str]]:
    for key, item in value.items():
        if isinstance(key, str):
            yield from faults(item, f"{path}.{key}")
        else:
            yield path, f"a key of type {type(key).__name__}"
