"""Points in time: aware, in UTC, to the microsecond, on every database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from sqlalchemy import DateTime, Dialect, TypeDecorator
from sqlalchemy.types import TypeEngine

from ..errors import NaiveDatetimeError

__all__ = ["UTCDateTime"]

WITHOUT_ZONE = frozenset({"sqlite", "mysql", "mariadb"})


class UTCDateTime(TypeDecorator[datetime]):
    """A point in time. Takes aware datetimes of any zone and gives them back in UTC, equal to the microsecond.

    It is `TIMESTAMP WITH TIME ZONE` on PostgreSQL, `DATETIME(6)` holding UTC on MariaDB and MySQL, and text holding UTC
    on SQLite, so that points in time sort and compare rightly everywhere. A naive datetime raises
    [NaiveDatetimeError][dalkit.errors.NaiveDatetimeError] before any SQL is sent.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Gives MariaDB and MySQL the microseconds that their DATETIME drops."""
        if dialect.name in {"mysql", "mariadb"}:
            from sqlalchemy.dialects.mysql import DATETIME

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turns an aware datetime into UTC, and refuses a naive one."""
        if value is None:
            return None
        if not isinstance(cast("object", value), datetime):
            raise NaiveDatetimeError(f"expected an aware datetime, got {type(value).__name__}")
        if value.utcoffset() is None:
            raise NaiveDatetimeError("a naive datetime is no point in time", hint="use datetime.now(UTC)")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name in WITHOUT_ZONE else in_utc

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """Makes what the database holds aware again, in one call for each value: lists have thousands of them."""
        inner: Any = self.impl_instance.result_processor(dialect, coltype)
        if inner is None:
            return _in_utc
        return _from_text if dialect.name == "sqlite" else partial(_processed, inner)


def _processed(inner: Callable[[Any], datetime | None], value: Any) -> datetime | None:
    return _in_utc(inner(value))


def _in_utc(value: datetime | None) -> datetime | None:
    if value is None or value.tzinfo is UTC:
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _from_text(value: str | None) -> datetime | None:
    """Reads what SQLite holds; the zone is appended first, since to replace it later takes five times longer."""
    if value is None:
        return None
    try:
        return datetime.fromisoformat(value + "+00:00")
    except ValueError:  # there is a zone already
        return _in_utc(datetime.fromisoformat(value))
