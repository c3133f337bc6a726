"""What differs from database to database, one file each. An engine room: not public."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import URL

from .base import DialectSupport
from .mariadb import MariaDBSupport
from .postgresql import PostgreSQLSupport
from .sqlite import SQLiteSupport

__all__ = ["DialectSupport", "support_for"]

GENERIC = DialectSupport()
SUPPORT: Mapping[str, DialectSupport] = MappingProxyType(
    {
        "sqlite": SQLiteSupport(),
        "postgresql": PostgreSQLSupport(),
        "mysql": MariaDBSupport(),
        "mariadb": MariaDBSupport(),
    }
)


def support_for(url: URL) -> DialectSupport:
    """Returns what dalkit knows about the database of `url`; other databases get SQLAlchemy's own behaviour."""
    return SUPPORT.get(url.get_backend_name(), GENERIC)
