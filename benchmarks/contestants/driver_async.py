"""asyncpg alone: one connection that stays open, in autocommit where nothing has to hold together. The limit."""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy import URL

from ..data import Scale
from . import driver_sql as sql
from .base import Answer, Contestant

GET, FIND, INSERT = map(sql.dollars, (sql.GET, sql.FIND, sql.INSERT))
INSERT_RETURNING, UPDATE = sql.dollars(sql.INSERT_RETURNING), sql.dollars(sql.UPDATE)
ACCOUNT, HOLD, RELEASE = map(sql.dollars, (sql.ACCOUNT, sql.HOLD, sql.RELEASE))


class AsyncpgDriver(Contestant):
    """asyncpg, and its records."""

    name = "driver"

    def __init__(self, url: URL, scale: Scale) -> None:
        super().__init__(url, scale)
        self._opened: Any = None

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _connection(self) -> Any:
        if self._opened is None:
            url = self.url
            self._opened = await asyncpg.connect(
                host=url.host, port=url.port, user=url.username, database=url.database, ssl=False
            )
        return self._opened

    async def get(self, key: int) -> Answer:
        return await (await self._connection()).fetchrow(GET, key)

    async def find(self, city: str, age: int) -> Answer:
        return await (await self._connection()).fetch(FIND, city, age)

    async def insert(self, account: int, body: str) -> Answer:
        return await (await self._connection()).fetchrow(INSERT_RETURNING, account, body)

    async def transfer(self, source: int, target: int, hold: int) -> Answer:
        connection = await self._connection()
        async with connection.transaction():
            paying, receiving = await connection.fetchval(ACCOUNT, source), await connection.fetchval(ACCOUNT, target)
            amount = await connection.fetchval(HOLD, hold)
            await connection.executemany(UPDATE, [(paying - amount, source), (receiving + amount, target)])
            await connection.execute(RELEASE, hold)
            await connection.executemany(INSERT, [(source, "paid"), (target, "received")])
