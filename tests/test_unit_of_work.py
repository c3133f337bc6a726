"""Units of work: how they end, their savepoints and hooks, and the services that an asynchronous one runs."""
# ruff: noqa: PT012 - what raises is the block that the unit surrounds

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Engine, ForeignKey, create_engine, event, exc, select
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, sessionmaker
from sqlalchemy.util import greenlet_spawn

import dalkit
from dalkit import AfterCommitError, InvalidArgumentError, Repository, UnitOfWork, UnitOfWorkError
from dalkit.aio import AsyncRepository, AsyncUnitOfWork
from dalkit.errors import ManagerClosedError
from tests.drivers import DRIVERS, Kit
from tests.seed_models.shop import START, Order, Tag, User, make_user

asynchronous = pytest.mark.drivers(*(driver.name for driver in DRIVERS if driver.asynchronous))


class BoomError(Exception):
    """What a test raises."""


def boom(error: BaseException | None = None) -> None:
    raise error or BoomError


def tags(db: Any) -> list[str]:
    """The names that are committed."""
    with db.session_scope(read_only=True) as session:
        return list(session.scalars(select(Tag.name).order_by(Tag.name)))


def in_use(db: Any) -> int:
    """The writers' connections that are checked out."""
    count: int = db.pool_status()["writer"].checked_out
    return count


def hook(kit: Kit, work: Callable[..., Any]) -> Callable[..., Any]:
    """Makes a function that uses the database a hook: a coroutine function where the driver is asynchronous."""
    return partial(greenlet_spawn, work) if kit.driver.asynchronous else work


def memory(kit: Kit) -> Any:
    """A manager of a database in memory, with the table of tags."""
    made = kit.manager(kit.url.set(database=":memory:"))
    made.create_tables(Tag)
    return made


# How a unit ends


def test_leaving_commits(kit: Kit, db: Any) -> None:
    with kit.unit(db, tags=Tag) as unit:
        unit.tags.add(Tag(name="one"))
        assert tags(db) == []
    assert tags(db) == ["one"]


@pytest.mark.parametrize("error_class", [BoomError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_exception_rolls_back_and_is_the_one_that_is_seen(kit: Kit, db: Any, error_class: Any) -> None:
    error, unit = error_class(), kit.unit(db, tags=Tag)
    with pytest.raises(error_class) as caught, unit:
        unit.tags.add(Tag(name="one"))
        unit.flush()
        raise error
    assert caught.value is error
    assert (tags(db), in_use(db)) == ([], 0)


def test_a_failed_flush_rolls_back(kit: Kit, db: Any) -> None:
    with pytest.raises(exc.IntegrityError), kit.unit(db, tags=Tag) as unit:
        unit.tags.add(Tag(name="one"))
        unit.flush()
        unit.tags.add(Tag(name="one"))
        unit.flush()
    assert (tags(db), in_use(db)) == ([], 0)


def test_a_flush_that_fails_when_the_unit_is_left_rolls_back(kit: Kit, db: Any) -> None:
    with pytest.raises(exc.IntegrityError), kit.unit(db, tags=Tag) as unit:
        unit.tags.add_all([Tag(name="one"), Tag(name="one")])
    assert (tags(db), in_use(db)) == ([], 0)


class DeferredBase(DeclarativeBase):
    """Tables whose foreign key is checked by COMMIT."""


class Node(DeferredBase):
    __tablename__ = "deferred_nodes"

    id: Mapped[int] = mapped_column(primary_key=True)
    next_id: Mapped[int] = mapped_column(ForeignKey("deferred_nodes.id", deferrable=True, initially="DEFERRED"))
    next: Mapped[Node | None] = relationship(remote_side=[id])


@contextmanager
def node_table(*managers: Any) -> Iterator[None]:
    for manager in managers:
        manager.create_tables(DeferredBase)
    try:
        yield
    finally:
        for manager in managers:
            manager.drop_tables(DeferredBase)


@contextmanager
def plain_engine(kit: Kit) -> Iterator[tuple[Engine, Any]]:
    """An engine of SQLAlchemy alone, and a plain factory of sessions."""
    engine = create_async_engine(kit.url).sync_engine if kit.driver.asynchronous else create_engine(kit.url)
    if kit.backend == "sqlite":
        event.listen(engine, "connect", enforce_foreign_keys)
    yield engine, async_sessionmaker(AsyncEngine(engine)) if kit.driver.asynchronous else sessionmaker(engine)
    engine.dispose()


def enforce_foreign_keys(dbapi_connection: Any, record: Any) -> None:
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


@pytest.mark.drivers("sqlite", "postgresql")
def test_a_commit_that_fails_rolls_back_and_poisons_no_connection(kit: Kit, db: Any) -> None:
    managers = [db, memory(kit)] if kit.backend == "sqlite" else [db]
    with node_table(*managers):
        for manager in managers:
            fail_in_commit(kit, manager)
            with manager.session_scope() as session:
                assert session.scalars(select(Node)).all() == []
                session.add(Node(id=2, next_id=2))
            with manager.session_scope() as session:
                assert [node.id for node in session.scalars(select(Node))] == [2]
            assert in_use(manager) == 0


@pytest.mark.drivers("sqlite", "postgresql")
def test_a_commit_that_fails_on_a_plain_engine_rolls_back_too(kit: Kit, db: Any) -> None:
    with node_table(db), plain_engine(kit) as (engine, factory):
        fail_in_commit(kit, factory)
        with engine.connect() as connection:
            assert connection.execute(select(Node.id)).all() == []


def fail_in_commit(kit: Kit, source: Any) -> None:
    ran: list[str] = []
    with pytest.raises(exc.IntegrityError), kit.unit(source, nodes=Node) as unit:
        unit.after_commit(ran.append, "committed")
        unit.after_rollback(ran.append, "rolled back")
        unit.nodes.add(Node(id=1, next_id=99))
        unit.flush()
    assert ran == ["rolled back"]


def test_a_failing_before_commit_hook_rolls_back(kit: Kit, db: Any) -> None:
    ran: list[str] = []
    error = BoomError()
    with pytest.raises(BoomError) as caught, kit.unit(db, tags=Tag) as unit:
        unit.after_commit(ran.append, "committed")
        unit.after_rollback(ran.append, "rolled back")
        unit.before_commit(boom, error)
        unit.before_commit(ran.append, "after the failure")
        unit.tags.add(Tag(name="one"))
    assert caught.value is error
    assert (tags(db), ran, in_use(db)) == ([], ["rolled back"], 0)


def test_entities_stay_readable(kit: Kit, db: Any) -> None:
    with kit.unit(db, users=User) as unit:
        user = unit.users.add(make_user("ada"))
    assert (user.id > 0, user.email, user.loyalty_points, user.country_code) == (True, "ada@shop.example", 0, None)


def test_flush_makes_keys(kit: Kit, db: Any) -> None:
    with kit.unit(db, tags=Tag) as unit:
        tag = unit.tags.add(Tag(name="one"))
        assert tag.id is None
        unit.flush()
        assert tag.id is not None
        assert tags(db) == []


def test_after_rollback_the_unit_goes_on(kit: Kit, db: Any) -> None:
    ran: list[str] = []
    with kit.unit(db, tags=Tag) as unit:
        unit.before_commit(ran.append, "first: before commit")
        unit.after_commit(ran.append, "first: after commit")
        unit.after_rollback(ran.append, "first: after rollback")
        unit.tags.add(Tag(name="one"))
        unit.flush()
        unit.rollback()
        assert ran == ["first: after rollback"]
        unit.after_commit(ran.append, "second")
        unit.tags.add(Tag(name="two"))
    assert ran == ["first: after rollback", "second"]
    assert tags(db) == ["two"]


def test_a_unit_that_does_nothing_takes_no_connection(kit: Kit, db: Any) -> None:
    with kit.unit(db, tags=Tag) as unit:
        _ = unit.tags
        assert in_use(db) == 0


# The life of a unit

USES: dict[str, Callable[[Any], Any]] = {
    "session": lambda unit: unit.session,
    "a repository": lambda unit: unit.tags,
    "flush": lambda unit: unit.flush(),
    "rollback": lambda unit: unit.rollback(),
    "savepoint": lambda unit: unit.savepoint().__enter__(),
    "before_commit": lambda unit: unit.before_commit(print),
    "after_commit": lambda unit: unit.after_commit(print),
    "after_rollback": lambda unit: unit.after_rollback(print),
}


def assert_unusable(unit: Any, message: str) -> None:
    for name, use in USES.items():
        with pytest.raises(UnitOfWorkError, match=message) as caught:
            use(unit)
        assert "use it inside `with Unit(...) as unit:`" in (caught.value.hint or ""), name


def test_before_it_is_entered_a_unit_cannot_be_used(kit: Kit, db: Any) -> None:
    assert_unusable(kit.unit(db, tags=Tag), "Unit has not been entered")


@pytest.mark.parametrize("leave", [lambda: None, boom], ids=["commit", "rollback"])
def test_after_it_is_left_a_unit_cannot_be_used(kit: Kit, db: Any, leave: Callable[[], None]) -> None:
    unit = kit.unit(db, tags=Tag)
    try:
        with unit:
            unit.tags.count()
            leave()
    except BoomError:
        pass
    assert_unusable(unit, "Unit has been left")


@pytest.mark.parametrize("inside", [True, False])
def test_a_unit_is_entered_once(kit: Kit, db: Any, inside: bool) -> None:
    unit = kit.unit(db, tags=Tag)
    with unit:
        if inside:
            with pytest.raises(UnitOfWorkError, match="is running; a unit of work is entered once; make a new one"):
                unit.__enter__()
            unit.tags.add(Tag(name="one"))
    if not inside:
        with pytest.raises(UnitOfWorkError, match="has been left; a unit of work is entered once; make a new one"):
            unit.__enter__()
    assert tags(db) == (["one"] if inside else [])


def test_what_was_kept_of_a_unit_opens_no_new_transaction(kit: Kit, db: Any) -> None:
    with plain_engine(kit) as (engine, factory):
        for name, source in {"manager": db, "factory": factory}.items():
            unit = kit.unit(source, tags=Tag)
            with unit:
                repository, session = unit.tags, unit.session
                repository.add(Tag(name=name))
            assert_closed(repository.count)
            assert_closed(repository.add, Tag(name="late"))
            assert_closed(session.get, Tag, 1)
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert (tags(db), in_use(db)) == (["factory", "manager"], 0)


def assert_closed(use: Callable[..., Any], *args: Any) -> None:
    with pytest.raises(exc.InvalidRequestError, match="closed"):
        use(*args)


def test_a_unit_whose_session_cannot_be_opened_is_not_running(kit: Kit, db: Any) -> None:
    closed = kit.manager()
    closed.cleanup()
    unit = kit.unit(closed, tags=Tag)
    with pytest.raises(ManagerClosedError), unit:
        pass
    assert_unusable(unit, "Unit has not been entered")


def test_a_repository_is_kept_as_long_as_the_unit(kit: Kit, db: Any) -> None:
    unit = kit.unit(db, tags=Tag)
    with unit:
        first, second = unit.tags, unit.tags
        assert getattr(first, "target", first) is getattr(second, "target", second)


# What a unit takes


def test_a_plain_sessionmaker_will_do_and_entities_stay_readable(kit: Kit, db: Any) -> None:
    with plain_engine(kit) as (engine, factory):
        with kit.unit(factory, users=User) as unit:
            user = unit.users.add(make_user("ada"))
        assert (user.id > 0, user.email) == (True, "ada@shop.example")
        with pytest.raises(BoomError), kit.unit(factory, users=User) as unit:
            unit.users.add(make_user("grace"))
            unit.flush()
            boom()
        with engine.connect() as connection:
            assert connection.execute(select(User.email)).all() == [("ada@shop.example",)]
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_function_that_opens_a_session_will_do(kit: Kit, db: Any) -> None:
    target = getattr(db, "target", db)
    with kit.unit(lambda: target.sessionmaker(info={"made": "here"}), tags=Tag) as unit:
        assert unit.session.info == {"made": "here"}
        unit.tags.add(Tag(name="one"))
    assert tags(db) == ["one"]


def test_a_session_is_refused(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        unit = kit.unit(kit.session_for_shell(session), tags=Tag)
        with pytest.raises(InvalidArgumentError, match=r"got (Async)?Session; it ends the session itself"), unit:
            pass


def test_a_source_of_the_other_kind_is_refused(kit: Kit, db: Any) -> None:
    other = sessionmaker() if kit.driver.asynchronous else async_sessionmaker()
    for source, came in [(other, "sessionmaker that opens (Async)?Session"), (lambda: 1, "function that opens int")]:
        with pytest.raises(InvalidArgumentError, match=f"opens a new (Async)?Session, got .*{came}"):
            kit.unit(source, tags=Tag).__enter__()


# Savepoints


def test_an_exception_in_a_savepoint_undoes_it_alone(kit: Kit, db: Any) -> None:
    with kit.unit(db, tags=Tag) as unit:
        unit.tags.add(Tag(name="outer"))
        with pytest.raises(exc.IntegrityError), unit.savepoint():
            unit.tags.add_all([Tag(name="inner"), Tag(name="outer")])
        unit.tags.add(Tag(name="afterwards"))
    assert tags(db) == ["afterwards", "outer"]


def test_savepoints_nest(kit: Kit, db: Any) -> None:
    error = BoomError()
    with kit.unit(db, tags=Tag) as unit:
        with unit.savepoint():
            unit.tags.add(Tag(name="1"))
            with pytest.raises(BoomError) as caught, unit.savepoint():
                unit.tags.add(Tag(name="2"))
                with unit.savepoint():
                    unit.tags.add(Tag(name="3"))
                boom(error)
            with unit.savepoint():
                unit.tags.add(Tag(name="4"))
        unit.tags.add(Tag(name="5"))
    assert caught.value is error
    assert tags(db) == ["1", "4", "5"]


def test_a_unit_that_is_left_by_an_exception_from_a_savepoint_rolls_back_all(kit: Kit, db: Any) -> None:
    with pytest.raises(BoomError), kit.unit(db, tags=Tag) as unit:
        unit.tags.add(Tag(name="outer"))
        with unit.savepoint():
            unit.tags.add(Tag(name="inner"))
            boom()
    assert (tags(db), in_use(db)) == ([], 0)


def test_hooks_of_an_undone_savepoint_vanish(kit: Kit, db: Any) -> None:
    ran: list[str] = []
    with kit.unit(db, tags=Tag) as unit:
        unit.after_commit(ran.append, "outer")
        unit.after_rollback(ran.append, "outer rolled back")
        with pytest.raises(BoomError), unit.savepoint():
            unit.before_commit(ran.append, "inner before commit")
            unit.after_commit(ran.append, "inner after commit")
            unit.after_rollback(ran.append, "inner rolled back")
            with unit.savepoint():
                unit.after_commit(ran.append, "innermost")
                unit.after_rollback(ran.append, "innermost rolled back")
            assert ran == []
            boom()
        assert ran == ["inner rolled back", "innermost rolled back"]
        unit.after_commit(ran.append, "afterwards")
    assert ran == ["inner rolled back", "innermost rolled back", "outer", "afterwards"]


def test_a_release_runs_no_hooks(kit: Kit, db: Any) -> None:
    ran: list[str] = []
    with kit.unit(db, tags=Tag) as unit:
        with unit.savepoint():
            unit.before_commit(ran.append, "before")
            unit.after_commit(ran.append, "after")
            unit.after_rollback(ran.append, "rolled back")
            unit.tags.add(Tag(name="one"))
        assert ran == []
    assert ran == ["before", "after"]


def test_hooks_of_a_released_savepoint_vanish_with_the_unit(kit: Kit, db: Any) -> None:
    ran: list[str] = []
    with pytest.raises(BoomError), kit.unit(db, tags=Tag) as unit:
        with unit.savepoint():
            unit.after_commit(ran.append, "after")
            unit.after_rollback(ran.append, "rolled back")
        boom()
    assert ran == ["rolled back"]


def test_a_rollback_inside_a_savepoint_ends_the_block(kit: Kit, db: Any) -> None:
    ran: list[str] = []
    with kit.unit(db, tags=Tag) as unit:
        unit.tags.add(Tag(name="outer"))
        unit.after_commit(ran.append, "outer")
        with unit.savepoint():
            unit.tags.add(Tag(name="inner"))
            unit.rollback()
            unit.after_commit(ran.append, "after the rollback")
        unit.tags.add(Tag(name="afterwards"))
    assert tags(db) == ["afterwards"]
    assert ran == ["after the rollback"]


def test_hooks_registered_after_a_rollback_inside_a_savepoint_vanish_with_it(kit: Kit, db: Any) -> None:
    ran: list[str] = []
    with kit.unit(db, tags=Tag) as unit:
        unit.after_commit(ran.append, "outer")
        unit.after_commit(ran.append, "outer, second")
        with pytest.raises(BoomError), unit.savepoint():
            unit.rollback()
            unit.after_commit(ran.append, "inner")
            boom()
    assert ran == []


# Hooks


def test_hooks_run_in_order_with_their_arguments(kit: Kit, db: Any) -> None:
    ran: list[Any] = []

    def note(*args: Any, **kwargs: Any) -> None:
        ran.append((args, kwargs, in_use(db)))

    with kit.unit(db, tags=Tag) as unit:
        unit.tags.add(Tag(name="one"))
        unit.flush()
        unit.after_commit(note, "after", 1, key="value")
        unit.before_commit(note, "before", 1)
        unit.after_rollback(note, "never")
        unit.before_commit(note, "before", 2)
        unit.after_commit(note, "after", 2)
    assert ran == [
        (("before", 1), {}, 1),
        (("before", 2), {}, 1),
        (("after", 1), {"key": "value"}, 0),
        (("after", 2), {}, 0),
    ]


def test_before_commit_hooks_work_in_the_transaction_and_register_further_ones(kit: Kit, db: Any) -> None:
    ran: list[str] = []
    unit = kit.unit(db, tags=Tag)

    def add_second() -> None:
        unit.tags.add(Tag(name="second"))
        unit.before_commit(hook(kit, add_third))

    def add_third() -> None:
        unit.tags.add(Tag(name="third"))
        unit.after_commit(ran.append, "committed")

    with unit:
        unit.before_commit(hook(kit, add_second))
        unit.tags.add(Tag(name="first"))
    assert (tags(db), ran) == (["first", "second", "third"], ["committed"])


def test_an_after_commit_hook_cannot_register_another(kit: Kit, db: Any) -> None:
    unit = kit.unit(db, tags=Tag)
    with pytest.raises(AfterCommitError) as caught, unit:
        unit.after_commit(lambda: unit.after_commit(boom))
    assert [type(each) for each in caught.value.exceptions] == [UnitOfWorkError]


def test_all_after_commit_hooks_run_before_their_failures_are_raised(kit: Kit, db: Any) -> None:
    ran: list[Any] = []
    error, unit = BoomError(), kit.unit(db, tags=Tag)
    with pytest.raises(AfterCommitError, match=r"2 after-commit hook\(s\) failed") as caught, unit:
        unit.tags.add(Tag(name="one"))
        unit.after_commit(boom, error)
        unit.after_commit(lambda: ran.append(in_use(db)))
        unit.after_commit([].pop)
        unit.after_commit(ran.append, "last")
        unit.after_rollback(ran.append, "never")
    assert [type(each) for each in caught.value.exceptions] == [BoomError, IndexError]
    assert caught.value.exceptions[0] is error
    assert caught.value.hint == "the transaction is committed; do not run it again"
    assert ran == [0, "last"]
    assert tags(db) == ["one"]
    assert_unusable(unit, "Unit has been left")


def test_an_after_commit_hook_can_open_a_new_unit(kit: Kit, db: Any) -> None:
    for manager in [db, memory(kit)] if kit.backend == "sqlite" else [db]:
        add_in_hook = hook(kit, partial(add_in_unit, kit, manager, "second"))
        with kit.unit(manager, tags=Tag) as unit:
            unit.tags.add(Tag(name="first"))
            unit.after_commit(add_in_hook)
        assert tags(manager) == ["first", "second"]


def add_in_unit(kit: Kit, manager: Any, name: str) -> None:
    with kit.unit(manager, tags=Tag) as unit:
        unit.tags.add(Tag(name=name))


def test_an_interrupt_in_an_after_commit_hook_goes_through(kit: Kit, db: Any) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), kit.unit(db, tags=Tag) as unit:
        unit.tags.add(Tag(name="one"))
        unit.after_commit(interrupt)
    assert (tags(db), in_use(db)) == (["one"], 0)


@pytest.mark.parametrize("where", ["unit", "savepoint", "rollback"])
def test_a_failing_after_rollback_hook_is_logged_and_hides_nothing(
    kit: Kit, db: Any, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []

    def register(unit: Any) -> None:
        unit.after_rollback([].pop)
        unit.after_rollback(ran.append, "next")

    with caplog.at_level(logging.ERROR, "dalkit"), kit.unit(db, tags=Tag) as unit:
        if where == "rollback":
            register(unit)
            unit.rollback()
        elif where == "savepoint":
            with pytest.raises(BoomError), unit.savepoint():
                register(unit)
                boom()
    if where == "unit":
        with caplog.at_level(logging.ERROR, "dalkit"), pytest.raises(BoomError), kit.unit(db, tags=Tag) as unit:
            register(unit)
            boom()
    assert caplog.messages == ["an after-rollback hook failed: IndexError"]
    assert ran == ["next"]


@pytest.mark.drivers("pysqlite", "psycopg", "pymysql")
def test_a_synchronous_unit_refuses_coroutine_functions_as_hooks(kit: Kit, db: Any) -> None:
    async def send() -> None: ...

    with kit.unit(db, tags=Tag) as unit:
        for register in (unit.before_commit, unit.after_commit, unit.after_rollback):
            with pytest.raises(InvalidArgumentError, match="coroutine function"):
                register(send)


# A connection that breaks


@contextmanager
def failing(engine: Engine, name: str) -> Iterator[None]:
    """Lets COMMIT or ROLLBACK fail, right before it is sent."""

    def fail(connection: Any) -> None:
        raise BoomError

    event.listen(engine, name, fail)
    try:
        yield
    finally:
        event.remove(engine, name, fail)


def test_a_rollback_that_fails_hides_nothing_and_throws_the_connection_away(
    kit: Kit, db: Any, caplog: pytest.LogCaptureFixture
) -> None:
    unit = kit.unit(db, tags=Tag)
    with caplog.at_level(logging.WARNING, "dalkit"), failing(db.engine, "rollback"):  # noqa: SIM117
        with pytest.raises(IndexError), unit:
            unit.tags.add(Tag(name="one"))
            unit.flush()
            [].pop()
    assert "rollback failed (BoomError), connection thrown away" in caplog.text
    assert (tags(db), in_use(db)) == ([], 0)


def test_a_commit_that_fails_is_rolled_back(kit: Kit, db: Any) -> None:
    with failing(db.engine, "commit"), pytest.raises(BoomError), kit.unit(db, tags=Tag) as unit:
        unit.tags.add(Tag(name="one"))
    assert (tags(db), in_use(db)) == ([], 0)


# Services of asynchronous units


class Shop(UnitOfWork):
    tags: Repository[Tag]
    orders: Repository[Order]


class AsyncShop(AsyncUnitOfWork[Shop]):
    tags: AsyncRepository[Tag]


def add_two(shop: Shop, first: str, *, second: str) -> list[str]:
    """A service, written as a synchronous function."""
    shop.tags.add(Tag(name=first))
    with shop.savepoint():
        shop.tags.add(Tag(name=second))
    shop.flush()
    return [tag.name for tag in shop.tags.find()]


async def committed(db: Any) -> list[str]:
    async with db.target.session_scope(read_only=True) as session:
        return list(await session.scalars(select(Tag.name).order_by(Tag.name)))


@asynchronous
async def test_a_service_shares_the_session_and_the_transaction(kit: Kit, db: Any) -> None:
    async with AsyncShop(db.target) as shop:
        tag = await shop.tags.add(Tag(name="one"))
        assert sorted(await shop.run_sync(add_two, "two", second="three")) == ["one", "three", "two"]
        assert await shop.run_sync(lambda service: service.session is shop.session.sync_session)
        assert await shop.run_sync(lambda service: service.tags.get(tag.id)) is tag
        assert await committed(db) == []
    assert await committed(db) == ["one", "three", "two"]


@asynchronous
async def test_an_exception_in_a_service_rolls_back_all(kit: Kit, db: Any) -> None:
    error = BoomError()

    def fail(shop: Shop) -> None:
        shop.tags.add(Tag(name="two"))
        shop.flush()
        boom(error)

    with pytest.raises(BoomError) as caught:
        async with AsyncShop(db.target) as shop:
            await shop.tags.add(Tag(name="one"))
            await shop.run_sync(fail)
    assert caught.value is error
    assert await committed(db) == []


@asynchronous
async def test_a_savepoint_around_a_service_undoes_it_alone(kit: Kit, db: Any) -> None:
    ran: list[str] = []

    def register_and_fail(shop: Shop) -> None:
        shop.after_commit(ran.append, "inner")
        shop.tags.add(Tag(name="two"))
        boom()

    async with AsyncShop(db.target) as shop:
        await shop.tags.add(Tag(name="one"))
        with pytest.raises(BoomError):
            async with shop.savepoint():
                await shop.run_sync(register_and_fail)
        await shop.run_sync(lambda service: service.after_commit(ran.append, "outer"))
    assert (await committed(db), ran) == (["one"], ["outer"])


@asynchronous
async def test_lazy_loads_work_inside_a_service(kit: Kit, db: Any) -> None:
    async with db.target.session_scope() as session:
        session.add(Order(reference="first", placed_at=START, customer=make_user("ada")))
    async with AsyncShop(db.target) as shop:
        assert await shop.run_sync(lambda service: service.orders.one().customer.email) == "ada@shop.example"


@asynchronous
async def test_hooks_of_services_run_with_those_of_the_unit(kit: Kit, db: Any) -> None:
    ran: list[str] = []

    async def note(text: str) -> None:
        ran.append(text)

    def service(shop: Shop) -> None:
        shop.before_commit(ran.append, "before")
        shop.after_commit(ran.append, "second")
        shop.after_commit(note, "third, a coroutine function")

    async with AsyncShop(db.target) as shop:
        shop.after_commit(note, "first, a coroutine function")
        await shop.run_sync(service)
        shop.after_commit(ran.append, "fourth")
        assert ran == []
    assert ran == ["before", "first, a coroutine function", "second", "third, a coroutine function", "fourth"]


@asynchronous
async def test_coroutine_hooks_run_where_a_service_rolls_back(kit: Kit, db: Any) -> None:
    ran: list[str] = []

    async def note(text: str) -> None:
        ran.append(text)

    def undo_savepoint(shop: Shop) -> None:
        with pytest.raises(BoomError), shop.savepoint():
            shop.after_rollback(note, "of the savepoint")
            boom()

    async with AsyncShop(db.target) as shop:
        shop.after_rollback(note, "of the unit")
        await shop.run_sync(undo_savepoint)
        assert ran == ["of the savepoint"]
        await shop.run_sync(Shop.rollback)
        assert ran == ["of the savepoint", "of the unit"]


@asynchronous
async def test_a_service_unit_ends_with_its_service(kit: Kit, db: Any) -> None:
    kept: list[Shop] = []
    async with AsyncShop(db.target) as shop:
        await shop.run_sync(kept.append)
        with pytest.raises(UnitOfWorkError, match="Shop has been left"):
            kept[0].tags.count()
        with pytest.raises(UnitOfWorkError, match="is running"):
            await shop.run_sync(Shop.__enter__)
        await shop.tags.add(Tag(name="one"))
    assert await committed(db) == ["one"]


@asynchronous
async def test_a_unit_that_is_not_running_runs_no_service(kit: Kit, db: Any) -> None:
    shop = AsyncShop(db.target)
    with pytest.raises(UnitOfWorkError, match="AsyncShop has not been entered"):
        await shop.run_sync(add_two, "one", second="two")
    async with shop:
        pass
    with pytest.raises(UnitOfWorkError, match="AsyncShop has been left"):
        await shop.run_sync(add_two, "one", second="two")
    assert await committed(db) == []


@asynchronous
async def test_brackets_alone_say_what_services_get(kit: Kit, db: Any) -> None:
    async with AsyncUnitOfWork[Shop](db.target) as shop:
        await shop.run_sync(add_two, "one", second="two")
    assert await committed(db) == ["one", "two"]


@asynchronous
async def test_without_brackets_services_get_a_plain_unit(kit: Kit, db: Any) -> None:
    async with AsyncUnitOfWork(db.target) as unit:
        assert await unit.run_sync(type) is UnitOfWork
        await unit.run_sync(lambda service: service.session.add(Tag(name="one")))
    assert await committed(db) == ["one"]


class BranchShop(Shop):
    """A unit whose constructor wants more."""

    def __init__(self, source: Any, branch: str) -> None:
        super().__init__(source)
        self.branch = branch


class AsyncBranchShop(AsyncUnitOfWork[BranchShop]):
    def service_unit(self, source: Any) -> BranchShop:
        return BranchShop(source, branch="north")


@asynchronous
async def test_a_unit_can_make_its_service_units_itself(kit: Kit, db: Any) -> None:
    async with AsyncBranchShop(db.target) as shop:
        assert await shop.run_sync(lambda service: service.branch) == "north"
        await shop.run_sync(add_two, "one", second="two")
    assert await committed(db) == ["one", "two"]


@asynchronous
async def test_services_of_a_read_only_unit_only_read(kit: Kit, db: Any) -> None:
    async with AsyncShop(db.target, read_only=True) as shop:
        assert await shop.run_sync(lambda service: service.tags.count()) == 0
        with pytest.raises(dalkit.ReadOnlySessionError):
            await shop.run_sync(lambda service: service.after_commit(print))
        with pytest.raises(dalkit.ReadOnlySessionError):
            await shop.run_sync(add_two, "one", second="two")
        shop.session.expunge_all()


@asynchronous
async def test_coroutine_functions_are_hooks_of_every_kind(kit: Kit, db: Any) -> None:
    ran: list[str] = []

    async def note(text: str) -> None:
        ran.append(text)

    error = BoomError()

    async def fail() -> None:
        boom(error)

    with pytest.raises(AfterCommitError) as caught:
        async with AsyncShop(db.target) as shop:
            shop.before_commit(note, "before")
            shop.after_commit(fail)
            shop.after_commit(note, "after")
    assert caught.value.exceptions == (error,)
    with pytest.raises(BoomError):
        async with AsyncShop(db.target) as shop:
            shop.after_rollback(fail)
            shop.after_rollback(note, "rolled back")
            shop.before_commit(fail)
    assert ran == ["before", "after", "rolled back"]


@asynchronous
async def test_a_plain_async_sessionmaker_over_our_session_will_do(kit: Kit, db: Any) -> None:
    factory = async_sessionmaker(db.target.engine, sync_session_class=dalkit.Session)
    async with AsyncShop(factory) as shop:
        assert isinstance(shop.session.sync_session, dalkit.Session)
        tag = await shop.tags.add(Tag(name="one"))
        await shop.run_sync(add_two, "two", second="three")
    assert tag.name == "one"
    assert await committed(db) == ["one", "three", "two"]
