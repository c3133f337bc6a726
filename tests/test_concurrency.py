"""Many threads or tasks over one manager, tasks that are cancelled anywhere, pools that are exhausted.

Every unit of work here adds two rows, one after the other: whatever happens, both are there or none is. Afterwards no
connection is checked out, and the server knows of no transaction and of no connection that is not in a pool.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.util import greenlet_spawn

from dalkit import Repository, UnitOfWork
from dalkit.aio import AsyncRepository, AsyncUnitOfWork
from tests.drivers import DRIVERS, Kit
from tests.seed_models.shop import Stock, Tag

synchronous = pytest.mark.drivers(*(driver.name for driver in DRIVERS if not driver.asynchronous))
asynchronous = pytest.mark.drivers(*(driver.name for driver in DRIVERS if driver.asynchronous))

OPEN_TRANSACTIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL",
    "mariadb": "SELECT count(*) FROM information_schema.innodb_trx AS t"
    " JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id WHERE p.db = database()",
}
CONNECTIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = database()",
}


class PlannedError(Exception):
    """What a unit raises that shall fail."""


class Shop(UnitOfWork):
    tags: Repository[Tag]


class AsyncShop(AsyncUnitOfWork[Shop]):
    tags: AsyncRepository[Tag]


def committed(db: Any) -> list[str]:
    """The keys of the pairs that are in the database, of which no half may be missing."""
    with db.session_scope(read_only=True) as session:
        names = sorted(session.scalars(select(Tag.name)))
    keys = sorted({name.removesuffix("/first").removesuffix("/second") for name in names})
    assert names == sorted(f"{key}/{half}" for key in keys for half in ("first", "second"))
    return keys


def assert_settled(kit: Kit, *managers: Any) -> None:
    """Checks that nothing is in use, here at once and on the server soon: it hears later of a connection's end."""
    for manager in managers:
        assert [status.checked_out for status in manager.pool_status().values() if status.checked_out] == []
    if kit.backend != "sqlite":
        deadline = time.monotonic() + 5
        while problem := trouble_on_server(kit, managers):
            assert time.monotonic() < deadline, problem
            time.sleep(0.02)


def trouble_on_server(kit: Kit, managers: Any) -> str | None:
    with managers[0].session_scope(read_only=True) as session:
        transactions = session.scalar(text(OPEN_TRANSACTIONS[kit.backend]))
        connections = session.scalar(text(CONNECTIONS[kit.backend]))
        pooled = sum(pooled_connections(manager) for manager in managers)
    if transactions == 0 and connections <= pooled:
        return None
    return f"{transactions} transaction(s) are open, and {connections} connection(s), of which {pooled} are in pools"


def pooled_connections(manager: Any) -> int:
    return sum(status.idle + status.checked_out for status in manager.pool_status().values())


# Threads


@synchronous
def test_threads_share_a_manager(kit: Kit, db: Any) -> None:
    """96 units in 16 threads, of which every third fails, over 15 connections; each adds one to a counter."""
    with db.session_scope() as session:
        session.add(Stock(shelf="counter", quantity=0))
    sessions: set[int] = set()

    def work(number: int) -> None:
        with Shop(db) as shop:
            sessions.add(id(shop.session))
            shop.tags.add(Tag(name=f"{number:03}/first"))
            shop.flush()
            shop.session.execute(update(Stock).values(quantity=Stock.quantity + 1))
            if number % 3 == 0:
                raise PlannedError
            shop.tags.add(Tag(name=f"{number:03}/second"))
        alive.append(shop)

    alive: list[Shop] = []
    with ThreadPoolExecutor(16) as pool:
        outcomes = [pool.submit(work, number) for number in range(96)]
    failures = [outcome.exception() for outcome in outcomes if outcome.exception() is not None]
    assert [type(failure) for failure in failures] == [PlannedError] * 32
    assert committed(db) == [f"{number:03}" for number in range(96) if number % 3]
    with db.session_scope(read_only=True) as session:
        assert session.scalars(select(Stock.quantity)).one() == 64
    assert len(sessions) >= 16
    assert_settled(kit, db)


@synchronous
def test_threads_read_and_write_at_once(kit: Kit, db: Any) -> None:
    """Readers never see half a pair, while writers add them."""

    def write(number: int) -> None:
        with Shop(db) as shop:
            shop.tags.add(Tag(name=f"{number:03}/first"))
            shop.flush()
            shop.tags.add(Tag(name=f"{number:03}/second"))

    with ThreadPoolExecutor(16) as pool:
        works = [pool.submit(write, n) if n % 2 else pool.submit(committed, db) for n in range(96)]
    for work in works:
        work.result()
    assert len(committed(db)) == 48
    assert_settled(kit, db)


# Tasks


async def add_pair(db: Any, key: str, pause: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
    """One unit of work that uses all that can wait: flush, a savepoint, a service, COMMIT."""
    async with AsyncShop(db.target) as shop:
        await shop.tags.add(Tag(name=f"{key}/first"))
        await shop.flush()
        if pause is not None:
            await pause()
        async with shop.savepoint():
            await shop.run_sync(lambda service: service.tags.add(Tag(name=f"{key}/second")))


async def check(work: Callable[..., Any], *args: Any) -> Any:
    """Runs a synchronous check from a coroutine."""
    return await greenlet_spawn(work, *args)


@asynchronous
async def test_tasks_share_a_manager(kit: Kit, db: Any) -> None:
    """100 units in as many tasks, of which every third fails, over 15 connections."""

    async def fail() -> None:
        raise PlannedError

    works = [add_pair(db, f"{n:03}", None if n % 3 else fail) for n in range(100)]
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [PlannedError] * 34
    assert await check(committed, db) == [f"{n:03}" for n in range(100) if n % 3]
    await check(assert_settled, kit, db)


class CancelAt:
    """Awaits `work`, and cancels the running task at some of its waits, counted from 0."""

    def __init__(self, work: Coroutine[Any, Any, None], *moments: int) -> None:
        self.work = work
        self.moments = moments
        self.waits = 0

    def __await__(self) -> Generator[Any, Any, None]:
        inner = self.work.__await__()
        step: Callable[[], Any] = partial(next, inner)
        while True:
            try:
                awaited = step()
            except StopIteration:
                return
            if self.waits in self.moments:
                current_task().cancel()
            self.waits += 1
            try:
                yield awaited
                step = partial(next, inner)
            except BaseException as error:
                step = partial(inner.throw, error)


def current_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


async def outcome_of(work: Any) -> BaseException | None:
    """Awaits `work` in a task of its own, and returns what it raised."""

    async def run() -> None:
        await work

    return (await asyncio.gather(asyncio.ensure_future(run()), return_exceptions=True))[0]


@asynchronous
@pytest.mark.parametrize("again", [(), (1,), (1, 2, 3)], ids=["once", "twice", "four times"])
async def test_a_task_can_be_cancelled_wherever_it_waits(kit: Kit, db: Any, again: tuple[int, ...]) -> None:
    """At the first wait, at the second ... up to the last: in BEGIN, in a flush, in COMMIT, while a session closes."""
    for moment in range(200):
        work = CancelAt(add_pair(db, f"{moment:03}"), moment, *(moment + later for later in again))
        outcome = await outcome_of(work)
        if work.waits <= moment:
            break
        assert isinstance(outcome, asyncio.CancelledError), f"cancelled at wait {moment}: {outcome!r}"
        assert db.pool_status()["writer"].checked_out == 0, f"cancelled at wait {moment}"
    assert 5 < moment < 199
    assert outcome is None
    assert f"{moment:03}" in await check(committed, db)
    await check(assert_settled, kit, db)


@asynchronous
async def test_a_database_in_memory_survives_cancellations(kit: Kit, db: Any) -> None:
    if kit.backend != "sqlite":
        return
