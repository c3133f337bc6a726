"""Which driver a URL without one gets, and what to do when it is not installed."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from sqlalchemy import URL

from ..errors import ConfigurationError
from . import support_for

EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "aiosqlite": "aiosqlite",
        "asyncmy": "asyncmy",
        "asyncpg": "asyncpg",
        "psycopg": "postgresql",
        "pymysql": "mariadb",
    }
)


def with_driver(url: URL, *, asynchronous: bool) -> URL:
    """Returns `url` with dalkit's default driver, if it names none; the same one on every line of SQLAlchemy."""
    support = support_for(url)
    driver = support.async_driver if asynchronous else support.driver
    if "+" in url.drivername or driver is None:
        return url
    return url.set(drivername=f"{url.drivername}+{driver}")


@contextmanager
def driver_of(url: URL) -> Generator[None]:
    """Turns the ImportError of a driver that is not installed into one that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        extra = EXTRAS.get(url.get_driver_name())
        hint = f'pip install "dalkit[{extra}]"' if extra else "install it, or name another driver in the URL"
        raise ConfigurationError(f"the driver of {url.drivername} is not installed", hint=hint) from error
