"""A URL without a driver gets one, and a driver that is not installed is named with what to install."""

from __future__ import annotations

import pytest

from dalkit import DatabaseManager
from dalkit.aio import AsyncDatabaseManager
from dalkit.errors import ConfigurationError

DEFAULTS = {
    "sqlite://": ("sqlite", "sqlite+aiosqlite"),
    "postgresql://a@b/c": ("postgresql+psycopg", "postgresql+psycopg"),
    "mysql://a@b/c": ("mysql+pymysql", "mysql+asyncmy"),
    "mariadb://a@b/c": ("mariadb+pymysql", "mariadb+asyncmy"),
}


@pytest.mark.parametrize("url", DEFAULTS)
def test_a_url_without_a_driver_gets_the_default_one(url: str) -> None:
    with DatabaseManager(url) as db:
        assert db.config.url.drivername == DEFAULTS[url][0]
    assert AsyncDatabaseManager(url).config.url.drivername == DEFAULTS[url][1]


@pytest.mark.parametrize(
    ("manager", "url", "words"),
    [
        (DatabaseManager, "sqlite+aiosqlite://", "use dalkit.aio.AsyncDatabaseManager"),
        (AsyncDatabaseManager, "sqlite+pysqlite://", r"write sqlite\+aiosqlite://"),
        (AsyncDatabaseManager, "mariadb+pymysql://a@b/c", r"write mariadb\+asyncmy://"),
        (AsyncDatabaseManager, "mssql+pyodbc://a@b/c", "is not an asynchronous driver"),
        (DatabaseManager, "postgresql+pg8000://a@b/c", "the driver of postgresql.pg8000 is not installed; install it"),
    ],
)
def test_a_driver_that_cannot_serve_is_refused_with_a_way_out(manager: type, url: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        manager(url)
