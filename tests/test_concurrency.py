"""Many threads or tasks over one manager, tasks that are cancelled anywhere, pools that are exhausted.

Every unit of work here adds two rows, one after the other: whatever happens, both are there or none is. Afterwards no
connection is checked out, and the server knows of no transaction and of no connection that is not in a pool.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, exc, select, text
from sqlalchemy.orm import Session
from sqlalchemy.util import greenlet_spawn

from dalkit import PoolConfig, Repository, UnitOfWork
from dalkit.aio import AsyncRepository, AsyncUnitOfWork
from tests.drivers import DRIVERS, Kit
from tests.seed_models.shop import Tag

synchronous = pytest.mark.drivers(*(driver.name for driver in DRIVERS if not driver.asynchronous))
asynchronous = pytest.mark.drivers(*(driver.name for driver in DRIVERS if driver.asynchronous))

OPEN_TRANSACTIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL",
    "mariadb": "SELECT count(*) FROM information_schema.innodb_trx AS t"
    " JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id WHERE p.db = database()",
}
# psycopg may hold on to a connection that was cancelled while it was opened; such a one has never run a statement.
CONNECTIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query <> ''",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = database()",
}


class PlannedError(Exception):
    """What a unit raises that shall fail."""


class Shop(UnitOfWork):
    tags: Repository[Tag]


class AsyncShop(AsyncUnitOfWork[Shop]):
    tags: AsyncRepository[Tag]


@pytest.fixture
def psycopg_always_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where psycopg need not wait, it lets others run after it was busy for a while; here it does so every time."""
    monkeypatch.setattr("psycopg.waiting.MAX_BUSY_TIME", 0, raising=False)


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
        assert_all_given_back(manager)
    if kit.backend != "sqlite":
        deadline = time.monotonic() + 5
        while problem := trouble_on_server(kit, managers):
            assert time.monotonic() < deadline, problem
            gc.collect()
            time.sleep(0.02)


def assert_all_given_back(manager: Any) -> None:
    assert {name: status.checked_out for name, status in manager.pool_status().items() if status.checked_out} == {}


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
    """96 units in 16 threads, of which every third fails, over 15 connections, each with a session of its own."""
    sessions: list[Session] = []

    def work(number: int) -> None:
        with Shop(db) as shop:
            sessions.append(shop.session)
            shop.tags.add(Tag(name=f"{number:03}/first"))
            shop.flush()
            if number % 3 == 0:
                raise PlannedError
            shop.tags.add(Tag(name=f"{number:03}/second"))

    with ThreadPoolExecutor(16) as pool:
        outcomes = [pool.submit(work, number).exception for number in range(96)]
    failures = [outcome() for outcome in outcomes if outcome() is not None]
    assert [type(failure) for failure in failures] == [PlannedError] * 32
    assert committed(db) == [f"{number:03}" for number in range(96) if number % 3]
    assert len({id(session) for session in sessions}) == 96
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
    outcomes = await outcomes_of(works)
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

    return (await outcomes_of([asyncio.ensure_future(run())]))[0]


async def outcomes_of(works: Iterable[Any]) -> list[BaseException | None]:
    """Awaits all `works`, and returns what they raised, without the frames: connections may be in them."""
    outcomes = await asyncio.gather(*works, return_exceptions=True)
    return [outcome and without_frames(outcome) for outcome in outcomes]


def without_frames(error: BaseException) -> BaseException:
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


async def cancel_everywhere(work: Callable[[str], Coroutine[Any, Any, None]], db: Any, *again: int) -> str:
    """Runs `work` with a key of its own, cancelled at its first wait, then at its second ... until it ends uncancelled.

    Returns the key of the last.
    """
    for moment in range(200):
        cancelled = CancelAt(work(f"{moment:03}"), moment, *(moment + later for later in again))
        outcome = await outcome_of(cancelled)
        if cancelled.waits <= moment:
            assert outcome is None
            return f"{moment:03}"
        assert isinstance(outcome, asyncio.CancelledError), f"cancelled at wait {moment}: {outcome!r}"
        assert_all_given_back(db)
    raise AssertionError("it never ends")


@asynchronous
@pytest.mark.usefixtures("psycopg_always_waits")
@pytest.mark.parametrize("again", [(), (1,), (1, 2, 3)], ids=["once", "twice", "four times"])
async def test_a_task_can_be_cancelled_wherever_it_waits(kit: Kit, db: Any, again: tuple[int, ...]) -> None:
    """In BEGIN, in a flush, in a savepoint, in COMMIT, while the session closes."""
    last = await cancel_everywhere(partial(add_pair, db), db, *again)
    assert int(last) > 5
    assert last in await check(committed, db)
    await check(assert_settled, kit, db)


@pytest.mark.drivers("aiosqlite")
async def test_a_database_in_memory_survives_cancellations(kit: Kit, db: Any) -> None:
    memory = kit.manager(kit.url.set(database=":memory:"))
    await memory.target.create_tables(Tag)
    await test_a_task_can_be_cancelled_wherever_it_waits(kit, memory, ())
    await test_a_reader_can_be_cancelled_wherever_it_waits(kit, memory, True, ())
    await test_a_reader_can_be_cancelled_wherever_it_waits(kit, memory, "snapshot", ())


@contextmanager
def cancelling(engine: Engine, name: str) -> Iterator[None]:
    """Cancels the task when COMMIT, ROLLBACK or a statement is about to be sent: it is sent, but not waited for."""

    def cancel(*args: Any) -> None:
        current_task().cancel()

    event.listen(engine, name, cancel)
    try:
        yield
    finally:
        event.remove(engine, name, cancel)


@asynchronous
@pytest.mark.parametrize("moment", ["commit", "before_cursor_execute", "begin"])
async def test_a_task_that_is_cancelled_while_the_server_works(kit: Kit, db: Any, moment: str) -> None:
    ran: list[str] = []

    async def unit() -> None:
        async with AsyncShop(db.target) as shop:
            shop.after_commit(ran.append, "committed")
            await shop.tags.add_all([Tag(name="one/first"), Tag(name="one/second")])

    for _ in range(3):
        with cancelling(db.engine, moment):
            assert isinstance(await outcome_of(unit()), asyncio.CancelledError)
        await check(assert_settled, kit, db)
        await check(forget, db)
    assert ran == []


def forget(db: Any) -> None:
    """Deletes what is there, which must be a whole pair: a COMMIT that was sent may have been done."""
    assert len(committed(db)) <= 1
    with db.session_scope() as session:
        session.execute(delete(Tag))


@asynchronous
@pytest.mark.usefixtures("psycopg_always_waits")
async def test_a_session_scope_can_be_cancelled_wherever_it_waits(kit: Kit, db: Any) -> None:
    async def work(key: str) -> None:
        async with db.target.session_scope() as session:
            session.add(Tag(name=f"{key}/first"))
            await session.flush()
            session.add(Tag(name=f"{key}/second"))

    await cancel_everywhere(work, db, 1)
    await check(assert_settled, kit, db)


@asynchronous
@pytest.mark.usefixtures("psycopg_always_waits")
@pytest.mark.parametrize("again", [(), (1,)], ids=["once", "twice"])
@pytest.mark.parametrize("read_only", [True, "snapshot"])
async def test_a_reader_can_be_cancelled_wherever_it_waits(
    kit: Kit, db: Any, read_only: Any, again: tuple[int, ...]
) -> None:
    async def work(key: str) -> None:
        async with db.target.session_scope(read_only=read_only) as session:
            await session.execute(select(Tag))
            await session.execute(select(Tag.id))

    if not await check(committed, db):
        await add_pair(db, "there")
    await cancel_everywhere(work, db, *again)
    assert await check(committed, db) != []
    await check(assert_settled, kit, db)


@asynchronous
async def test_tasks_cancelled_at_random_leave_nothing_behind(kit: Kit, db: Any) -> None:
    """100 tasks over 15 connections, a half of which is cancelled within the time that all of them take."""
    generator = random.Random(20260807)

    async def pause() -> None:
        await asyncio.sleep(generator.random() / 100)

    tasks = [asyncio.ensure_future(add_pair(db, f"{n:03}", pause)) for n in range(100)]
    loop = asyncio.get_running_loop()
    for task in generator.sample(tasks, 50):
        loop.call_later(generator.random() / 4, task.cancel)
    outcomes = await outcomes_of(tasks)
    assert {type(outcome) for outcome in outcomes} <= {type(None), asyncio.CancelledError}
    finished = {f"{n:03}" for n, outcome in enumerate(outcomes) if outcome is None}
    assert finished <= set(await check(committed, db))
    assert len(finished) >= 50
    await check(assert_settled, kit, db)


@asynchronous
async def test_time_outs_leave_nothing_behind(kit: Kit, db: Any) -> None:
    generator = random.Random(20260808)

    async def work(number: int) -> None:
        pause = partial(asyncio.sleep, generator.random() / 20)
        await asyncio.wait_for(add_pair(db, f"{number:03}", pause), generator.random() / 5)

    outcomes = await outcomes_of(map(work, range(60)))
    assert {type(outcome) for outcome in outcomes} <= {type(None), TimeoutError}
    finished = {f"{n:03}" for n, outcome in enumerate(outcomes) if outcome is None}
    assert finished <= set(await check(committed, db))
    await check(assert_settled, kit, db)


@asynchronous
async def test_a_task_group_that_fails_rolls_back_all_its_units(kit: Kit, db: Any) -> None:
    async def fail() -> None:
        await asyncio.sleep(0.05)
        raise PlannedError

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(10):
                group.create_task(add_pair(db, f"{number:03}", partial(asyncio.sleep, 5)))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup) as caught:
        await run()
    assert [type(error) for error in caught.value.exceptions] == [PlannedError]
    assert await check(committed, db) == []
    await check(assert_settled, kit, db)


@asynchronous
async def test_a_cancelled_after_commit_hook_leaves_the_unit_committed(kit: Kit, db: Any) -> None:
    async def unit() -> None:
        async with AsyncShop(db.target) as shop:
            await shop.tags.add_all([Tag(name="one/first"), Tag(name="one/second")])
            shop.after_commit(started.set)
            shop.after_commit(asyncio.sleep, 5)

    started = asyncio.Event()
    task = asyncio.ensure_future(unit())
    await started.wait()
    task.cancel()
    assert isinstance(await outcome_of(task), asyncio.CancelledError)
    assert await check(committed, db) == ["one"]
    await check(assert_settled, kit, db)


# Exhausted pools

SMALL = PoolConfig(size=2, max_overflow=0, timeout=0.1)


def test_an_exhausted_pool_raises_a_time_out_and_recovers(kit: Kit, db: Any) -> None:
    small = kit.manager(pool=SMALL, read_pool=SMALL)
    for read_only in [True] if kit.backend == "sqlite" else [True, False]:
        with ExitStack() as held:
            for _ in range(2):
                session = held.enter_context(small.session_scope(read_only=read_only))
                session.execute(select(Tag.id))
            with pytest.raises(exc.TimeoutError), small.session_scope(read_only=read_only) as session:
                session.execute(select(Tag.id))
            session.rollback()
        with small.session_scope(read_only=read_only) as session:
            assert session.scalars(select(Tag)).all() == []
    assert_settled(kit, db, small)


@asynchronous
async def test_tasks_that_are_cancelled_while_they_wait_for_a_connection(kit: Kit, db: Any) -> None:
    """They take none with them, and leave none to somebody who has gone."""
    small = kit.manager(pool=PoolConfig(size=1, max_overflow=0, timeout=5))
    async with small.target.session_scope() as session:
        await session.execute(select(Tag.id))
        waiting = [asyncio.ensure_future(add_pair(small, f"{n:03}")) for n in range(20)]
        await asyncio.sleep(0.05)
        for task in waiting[::2]:
            task.cancel()
    for task in waiting[1::4]:
        task.cancel()  # now that the connection is being handed on
    outcomes = await outcomes_of(waiting)
    finished = [f"{n:03}" for n, outcome in enumerate(outcomes) if outcome is None]
    assert finished == [f"{n:03}" for n in range(20) if n % 4 == 3]
    assert set(await check(committed, small)) >= set(finished)
    await check(assert_settled, kit, db, small)
