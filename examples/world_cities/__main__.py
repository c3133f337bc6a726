"""The command line: python -m world_cities [--all] [--url URL]."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import URL, inspect
from sqlalchemy.exc import OperationalError

from dalkit import ConfigurationError, DatabaseConfig, DatabaseManager

from .async_tour import async_tour
from .dataset import Dataset, read_dataset
from .models import WorldBase
from .report import Report
from .tour import tour

DRIVERS = {
    "sqlite": ("pysqlite", "aiosqlite"),
    "postgresql": ("psycopg", "psycopg"),
    "mariadb": ("pymysql", "asyncmy"),
    "mysql": ("pymysql", "asyncmy"),
}
"""The drivers of the extra `demo`: without `await`, and with it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Walks twice through the world; returns 0 if both walks end with the totals of the data set, else 1."""
    options = parsed(arguments)
    write_what_the_output_can()
    with database(options.url) as url:
        refuse_to_overwrite(url)
        return run(read_dataset(500 if options.all else 15_000), url, Report())


def write_what_the_output_can() -> None:
    """Where the encoding of the output lacks a letter of a name, a question mark stands for it."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")


def parsed(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="world_cities", description="A walk through dalkit with the cities of the world.")
    parser.add_argument("--all", action="store_true", help="load 234,908 cities, not only the 34,006 largest")
    parser.add_argument("--url", help="a database of PostgreSQL or MariaDB; without it, a temporary SQLite file")
    return parser.parse_args(arguments)


@contextmanager
def database(given: str | None) -> Generator[URL]:
    """Returns the URL that was given, or one of a SQLite file that is removed at the end."""
    if given is not None:
        yield checked(given)
        return
    with TemporaryDirectory(prefix="world_cities_") as folder:
        yield URL.create("sqlite", database=str(Path(folder) / "world.db"))


def checked(given: str) -> URL:
    try:
        url = DatabaseConfig.from_url(given).url
    except ConfigurationError as error:
        sys.exit(str(error))
    if url.get_backend_name() not in DRIVERS:
        sys.exit(f"the walk knows {', '.join(DRIVERS)}, not {url.get_backend_name()}")
    return url


def with_driver(url: URL, *, asynchronous: bool) -> URL:
    backend = url.get_backend_name()
    return url.set(drivername=f"{backend}+{DRIVERS[backend][asynchronous]}")


def refuse_to_overwrite(url: URL) -> None:
    """The walk drops its tables at the end; what somebody else has made under their names must survive."""
    try:
        with DatabaseManager(with_driver(url, asynchronous=False)) as db:
            found = sorted(WorldBase.metadata.tables.keys() & set(inspect(db.engine).get_table_names()))
    except OperationalError as error:
        sys.exit(f"the database cannot be reached: {error.orig}")
    if found:
        sys.exit(f"the database has tables of these names, drop them first: {', '.join(found)}")


def run(dataset: Dataset, url: URL, report: Report) -> int:
    """Walks without and with `await`; both create, load and drop tables of their own."""
    report.part("dalkit")
    agreed = tour(with_driver(url, asynchronous=False), dataset, report)
    report.part("dalkit with await")
    agreed_with_await = asyncio.run(async_tour(with_driver(url, asynchronous=True), dataset, report))
    return 0 if agreed and agreed_with_await else 1


if __name__ == "__main__":
    sys.exit(main())
