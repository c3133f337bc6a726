"""The driver alone: one connection that stays open, in autocommit where nothing has to hold together. The limit."""

from __future__ import annotations

import sqlite3
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import psycopg
import pymysql
from sqlalchemy import URL

from ..data import Scale
from . import driver_sql as sql
from .base import Answer, SyncContestant


class Driver(SyncContestant):
    """A DB-API connection, and tuples."""

    name = "driver"
    begin = "BEGIN"

    def __init__(self, url: URL, scale: Scale) -> None:
        super().__init__(url, scale)
        self.connection = self.connect(url)
        names = ("GET", "FIND", "FIRST_PAGE", "LIST", "PAGE", "COUNT", "EXISTS", "INSERT", "INSERT_RETURNING")
        self.sql = {name: self.style(getattr(sql, name)) for name in (*names, "UPDATE", "ACCOUNT", "HOLD", "RELEASE")}

    def style(self, text: str) -> str:
        """Writes parameters as the driver wants them."""
        return sql.percents(text)

    @abstractmethod
    def connect(self, url: URL) -> Any:
        """Opens a connection in autocommit."""

    def close(self) -> None:
        self.connection.close()

    def begin_session(self) -> None:
        self.connection.cursor().execute(self.begin)

    def end_session(self) -> None:
        self.connection.cursor().execute("ROLLBACK")

    def _all(self, name: str, *parameters: Any) -> list[Any]:
        cursor = self.connection.cursor()
        cursor.execute(self.sql[name], parameters)
        rows: list[Any] = cursor.fetchall()
        cursor.close()
        return rows

    def _run(self, name: str, *parameters: Any) -> None:
        cursor = self.connection.cursor()
        cursor.execute(self.sql[name], parameters)
        cursor.close()

    def get(self, key: int) -> Answer:
        return self._all("GET", key)[0]

    def get_in_session(self, key: int) -> Answer:
        return self._all("GET", key)[0]

    def find(self, city: str, age: int) -> Answer:
        return self._all("FIND", city, age)

    def find_in_session(self, city: str, age: int) -> Answer:
        return self._all("FIND", city, age)

    def first_page(self) -> Answer:
        return self._all("FIRST_PAGE")

    def list_many(self) -> Answer:
        return self._all("LIST", self.scale.many)

    def paginate(self, city: str, page: int) -> Answer:
        total = self._all("COUNT", city)[0][0]
        return self._all("PAGE", city, (page - 1) * 20), total

    def exists(self, email: str) -> Answer:
        return self._all("EXISTS", email)[0][0]

    def count(self, city: str) -> Answer:
        return self._all("COUNT", city)[0][0]

    def insert(self, account: int, body: str) -> Answer:
        return self._all("INSERT_RETURNING", account, body)[0]

    def update(self, account: int, balance: int) -> Answer:
        self._run("UPDATE", balance, account)

    def transfer(self, source: int, target: int, hold: int) -> Answer:
        cursor = self.connection.cursor()
        cursor.execute(self.begin)
        paying, receiving = self._all("ACCOUNT", source)[0][0], self._all("ACCOUNT", target)[0][0]
        amount = self._all("HOLD", hold)[0][0]
        cursor.executemany(self.sql["UPDATE"], [(paying - amount, source), (receiving + amount, target)])
        self._run("RELEASE", hold)
        cursor.executemany(self.sql["INSERT"], [(source, "paid"), (target, "received")])
        cursor.execute("COMMIT")

    def add_many(self, bodies: Sequence[str]) -> Answer:
        cursor = self.connection.cursor()
        cursor.execute(self.begin)
        cursor.executemany(self.sql["INSERT"], [(1, body) for body in bodies])
        cursor.execute("COMMIT")


class SQLiteDriver(Driver):
    """sqlite3."""

    begin = "BEGIN IMMEDIATE"

    def style(self, text: str) -> str:
        return text

    def connect(self, url: URL) -> Any:
        return sqlite3.connect(str(url.database), isolation_level=None)


class PsycopgDriver(Driver):
    """psycopg."""

    def connect(self, url: URL) -> Any:
        return psycopg.connect(host=url.host, port=url.port, user=url.username, dbname=url.database, autocommit=True)

    def add_many(self, bodies: Sequence[str]) -> Answer:
        with self.connection.cursor() as cursor, cursor.copy("COPY notes (account_id, body) FROM STDIN") as copy:
            for body in bodies:
                copy.write_row((1, body))


class PyMySQLDriver(Driver):
    """PyMySQL."""

    def connect(self, url: URL) -> Any:
        return pymysql.connect(
            host=url.host,
            port=url.port or 3306,
            user=url.username,
            password=url.password or "",
            database=url.database,
            autocommit=True,
        )
