"""The manager of a database: pools, scopes, tables, health and clean-up, sync and async, on every driver."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import (
    URL,
    Column,
    Enum,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    event,
    exc,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool, QueuePool, StaticPool
from sqlalchemy.util import await_only

from dalkit import (
    Base,
    ConfigurationError,
    DatabaseConfig,
    DatabaseManager,
    InvalidArgumentError,
    PoolConfig,
    PoolStatus,
    Session,
)
from dalkit.aio import AsyncDatabaseManager
from dalkit.errors import ManagerClosedError
from tests.backends import ask, connections, identity, kill, wait_until
from tests.concurrency import Aside, Gate, elapsed, pause, together
from tests.drivers import DRIVERS, Kit
from tests.seed_models.shop import Tag
from tests.servers import Missing, RunningMariaDB, find_mariadb, find_postgresql, skip_or_fail

servers = pytest.mark.drivers("postgresql", "mariadb")
asynchronous = pytest.mark.drivers(*(driver.name for driver in DRIVERS if driver.asynchronous))
synchronous = pytest.mark.drivers(*(driver.name for driver in DRIVERS if not driver.asynchronous))
ONE = PoolConfig(size=1, max_overflow=0, timeout=5)

metadata = MetaData()
parents = Table("db_parents", metadata, Column("id", Integer, primary_key=True, autoincrement=False))
children = Table(
    "db_children",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("parent_id", ForeignKey("db_parents.id", deferrable=True, initially="DEFERRED"), nullable=False),
)


def refused(work: Callable[[], object], error: type[BaseException], match: str | None = None) -> BaseException:
    with pytest.raises(error, match=match) as caught:
        work()
    return caught.value


def tags(db: Any) -> list[str]:
    """The names that are committed."""
    with db.session_scope(read_only=True) as session:
        return list(session.scalars(select(Tag.name).order_by(Tag.name)))


def add_tag(db: Any, name: str) -> None:
    with db.session_scope() as session:
        session.add(Tag(name=name))


def in_use(db: Any) -> int | None:
    """The writers' connections that are checked out."""
    count: int | None = db.pool_status()["writer"].checked_out
    return count


def memory(kit: Kit, **options: Any) -> Any:
    return kit.manager(kit.url.set(database=":memory:"), **options)


def leave(db: Any, error: BaseException, before: Callable[[Any], object] = lambda session: None) -> None:
    """Leaves a scope that has added a tag by an exception."""
    with db.session_scope() as session:
        session.add(Tag(name="lost"))
        session.flush()
        before(session)
        raise error


# --- Pools

QUEUE_OF_SERVERS = {"size": 5, "overflow": 10, "timeout": 30, "recycle": 1800, "ping": True, "lifo": False}
QUEUE_OF_FILES = QUEUE_OF_SERVERS | {"recycle": -1, "ping": False}
QUEUE_OF_MEMORY = QUEUE_OF_FILES | {"size": 1, "overflow": 0}


def settings(pool: Any) -> dict[str, Any]:
    """What a pool does, as its own attributes say."""
    found = {"recycle": pool._recycle, "ping": pool._pre_ping}
    if not isinstance(pool, QueuePool):
        return found
    queue = {"size": pool.size(), "overflow": pool._max_overflow, "timeout": pool._timeout}
    return found | queue | {"lifo": pool._pool.use_lifo}


def queue_class(kit: Kit) -> type[Any]:
    return AsyncAdaptedQueuePool if kit.driver.asynchronous else QueuePool


def test_a_pool_fits_its_database(kit: Kit) -> None:
    expected = QUEUE_OF_FILES if kit.backend == "sqlite" else QUEUE_OF_SERVERS
    for engine, ping in ((kit.manager().engine, expected["ping"]), (kit.manager().read_engine, False)):
        assert type(engine.pool) is queue_class(kit)
        assert settings(engine.pool) == expected | {"ping": ping}


@pytest.mark.drivers("sqlite")
def test_a_pool_of_a_database_in_memory_is_a_queue_of_one_for_writers_and_readers(kit: Kit) -> None:
    db = memory(kit)
    assert type(db.engine.pool) is queue_class(kit)
    assert settings(db.engine.pool) == QUEUE_OF_MEMORY
    assert db.read_engine.pool is db.engine.pool


def test_every_setting_of_a_pool_reaches_it(kit: Kit) -> None:
    pool = PoolConfig(size=3, max_overflow=2, timeout=1.5, recycle=60, pre_ping=True, use_lifo=True)
    read_pool = PoolConfig(size=4, max_overflow=1, timeout=2.5, recycle=70, pre_ping=True, use_lifo=False)
    db = kit.manager(pool=pool, read_pool=read_pool)
    expected = {"size": 3, "overflow": 2, "timeout": 1.5, "recycle": 60, "ping": True, "lifo": True}
    assert settings(db.engine.pool) == expected
    expected = {"size": 4, "overflow": 1, "timeout": 2.5, "recycle": 70, "ping": True, "lifo": False}
    assert settings(db.read_engine.pool) == expected


def test_readers_take_the_writers_pool_settings_but_do_not_ping(kit: Kit) -> None:
    db = kit.manager(pool=PoolConfig(size=2, max_overflow=1, pre_ping=True))
    found = settings(db.read_engine.pool)
    assert (found["size"], found["overflow"], found["ping"]) == (2, 1, False)
    assert db.read_engine.pool is not db.engine.pool


@pytest.mark.parametrize(("kind", "expected"), [("NullPool", NullPool), ("StaticPool", StaticPool)])
def test_other_pools_are_had_by_name(kit: Kit, kind: Any, expected: type[Any]) -> None:
    db = kit.manager(pool=PoolConfig(kind=kind, pre_ping=True))
    assert type(db.engine.pool) is type(db.read_engine.pool) is expected
    assert settings(db.engine.pool)["ping"] is True
    with db.session_scope() as session:
        assert session.scalar(select(1)) == 1


@servers
def test_a_null_pool_opens_a_connection_for_each_scope(kit: Kit) -> None:
    db = kit.manager(pool=PoolConfig(kind="NullPool"))
    seen = set()
    for _ in range(3):
        with db.session_scope() as session:
            seen.add(identity(session))
    assert len(seen) == 3


@servers
def test_a_static_pool_has_one_connection_for_all(kit: Kit) -> None:
    db = kit.manager(pool=PoolConfig(kind="StaticPool"))
    with db.session_scope() as one, db.session_scope() as two:
        assert identity(one) == identity(two)


REFUSED_POOLS = [
    ({"kind": "NullPool", "size": 5}, "NullPool does not take size; leave it out, or use kind='QueuePool'"),
    ({"kind": "NullPool", "max_overflow": 0}, "NullPool does not take max_overflow"),
    ({"kind": "NullPool", "timeout": 3}, "NullPool does not take timeout"),
    ({"kind": "StaticPool", "use_lifo": False}, "StaticPool does not take use_lifo"),
    ({"kind": "StaticPool", "size": 1, "timeout": 3}, "StaticPool does not take size, timeout"),
]
REFUSED_IN_MEMORY = [
    {"kind": "NullPool"},
    {"size": 2},
    {"max_overflow": 1},
    {"recycle": 60},
    {"kind": "QueuePool", "size": 5},
    {"kind": "StaticPool", "recycle": 60},
]
for_each_role = pytest.mark.parametrize("role", ["pool", "read_pool"])


@for_each_role
@pytest.mark.parametrize(("given", "message"), REFUSED_POOLS, ids=str)
def test_what_a_pool_would_reject_is_refused_when_the_manager_is_made(
    kit: Kit, role: str, given: Any, message: str
) -> None:
    error = refused(lambda: kit.manager(**{role: PoolConfig(**given)}), ConfigurationError)
    assert str(error).startswith(message)


@pytest.mark.drivers("sqlite")
@for_each_role
@pytest.mark.parametrize("given", REFUSED_IN_MEMORY, ids=str)
def test_what_would_lose_a_database_in_memory_is_refused(kit: Kit, role: str, given: Any) -> None:
    error = refused(lambda: memory(kit, **{role: PoolConfig(**given)}), ConfigurationError)
    assert str(error).startswith("a SQLite database in memory lives in one connection, which must stay open; leave")


@pytest.mark.drivers("sqlite")
@pytest.mark.parametrize(
    "given", [{}, {"size": 1}, {"timeout": 3}, {"kind": "StaticPool"}, {"pre_ping": True}], ids=str
)
def test_what_keeps_a_database_in_memory_is_taken(kit: Kit, given: Any) -> None:
    db = memory(kit, pool=PoolConfig(**given))
    db.create_tables(Tag)
    add_tag(db, "kept")
    assert tags(db) == ["kept"]


@pytest.mark.drivers("sqlite")
def test_scopes_of_a_database_in_memory_take_turns_and_each_is_isolated(kit: Kit) -> None:
    db = memory(kit)
    db.create_tables(Tag)

    def write(number: int) -> None:
        with db.session_scope() as session:
            before = session.scalar(select(func.count()).select_from(Tag))
            session.add(Tag(name=f"{number:02}"))
            session.flush()
            pause(kit, 0.001)
            assert session.scalar(select(func.count()).select_from(Tag)) == before + 1

    together(kit, write, range(20))
    assert tags(db) == [f"{number:02}" for number in range(20)]


@pytest.mark.drivers("sqlite")
def test_two_managers_have_two_databases_in_memory(kit: Kit) -> None:
    one, two = memory(kit), memory(kit)
    one.create_tables(Tag)
    assert inspect_tables(kit, two) == []


def inspect_tables(kit: Kit, db: Any) -> list[str]:
    """The names of the tables; the inspector is made anew, since it remembers."""
    with db.engine.connect() as connection:
        return sorted(inspect(connection).get_table_names())


def test_a_pool_makes_no_more_connections_than_it_may_and_waits_no_longer_than_it_should(kit: Kit) -> None:
    db = kit.manager(pool=PoolConfig(size=1, max_overflow=1, timeout=0.2))

    def read() -> None:
        with db.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(select(1))

    with db.engine.connect(), db.engine.connect():
        assert in_use(db) == 2
        with elapsed() as seconds:
            refused(read, exc.TimeoutError, "connection timed out")
        assert 0.15 < seconds[0] < 10
    read()
    assert in_use(db) == 0


@servers
def test_a_ping_replaces_a_dead_connection_before_it_is_used(kit: Kit) -> None:
    db = kit.manager(pool=ONE)
    with db.session_scope() as session:
        number = identity(session)
    kill(kit, number)
    with db.session_scope() as session:
        assert identity(session) != number


@servers
def test_without_ping_a_dead_connection_fails_once(kit: Kit) -> None:
    db = kit.manager(pool=PoolConfig(size=1, max_overflow=0, pre_ping=False))
    with db.session_scope() as session:
        number = identity(session)
    kill(kit, number)
    refused(lambda: add_tag(db, "x"), exc.DBAPIError)
    with db.session_scope() as session:
        assert identity(session) != number
    assert in_use(db) == 0


@servers
def test_a_connection_is_recycled_when_it_is_old(kit: Kit) -> None:
    db = kit.manager(pool=PoolConfig(size=1, max_overflow=0, recycle=0.05))
    with db.session_scope() as session:
        number = identity(session)
    pause(kit, 0.1)
    with db.session_scope() as session:
        assert identity(session) != number


@servers
@pytest.mark.parametrize("use_lifo", [True, False])
def test_the_connection_used_last_is_used_first_if_so_wished(kit: Kit, use_lifo: bool) -> None:
    db = kit.manager(pool=PoolConfig(size=2, max_overflow=0, use_lifo=use_lifo))
    with db.session_scope() as one:
        with db.session_scope() as two:
            returned_first = identity(two)
        returned_last = identity(one)
    with db.session_scope() as session:
        assert identity(session) == (returned_last if use_lifo else returned_first)


def test_the_status_of_a_pool_counts_its_connections(kit: Kit) -> None:
    db = kit.manager(pool=PoolConfig(size=2, max_overflow=1))
    name = queue_class(kit).__name__
    assert db.pool_status() == {"writer": PoolStatus(name, checked_out=0, idle=0, capacity=3)}
    with db.session_scope() as one, db.session_scope(read_only=True) as two:
        one.scalar(select(1))
        two.scalar(select(1))
        assert db.pool_status() == {
            "writer": PoolStatus(name, checked_out=1, idle=0, capacity=3),
            "reader": PoolStatus(name, checked_out=1, idle=0, capacity=3),
        }
    assert db.pool_status()["writer"] == PoolStatus(name, checked_out=0, idle=1, capacity=3)


@pytest.mark.parametrize(("kind", "capacity"), [("NullPool", None), ("StaticPool", 1)])
def test_a_pool_that_counts_nothing_says_so(kit: Kit, kind: Any, capacity: int | None) -> None:
    db = kit.manager(pool=PoolConfig(kind=kind))
    assert db.pool_status() == {"writer": PoolStatus(kind, checked_out=None, idle=None, capacity=capacity)}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 30),
        ({"pool": PoolConfig(size=2, max_overflow=0)}, 4),
        ({"pool": PoolConfig(size=2, max_overflow=0), "read_pool": PoolConfig(size=20, max_overflow=5)}, 27),
        ({"pool": PoolConfig(kind="StaticPool")}, 2),
        ({"pool": PoolConfig(kind="NullPool")}, None),
        ({"pool": PoolConfig(kind="StaticPool"), "read_pool": PoolConfig(kind="NullPool")}, None),
    ],
    ids=str,
)
def test_the_most_connections_are_those_of_writers_and_readers(kit: Kit, options: Any, expected: int | None) -> None:
    assert kit.manager(**options).max_connections == expected


@pytest.mark.drivers("sqlite")
def test_a_database_in_memory_has_one_connection_at_most(kit: Kit) -> None:
    assert memory(kit).max_connections == 1


def test_making_a_manager_connects_to_nothing(kit: Kit) -> None:
    url = URL.create(kit.driver.drivername, host="nowhere.invalid", database="x") if kit.backend != "sqlite" else None
    db = kit.manager(url or kit.url.set(database="/nowhere/x.db"))
    assert db.pool_status()["writer"].idle == 0


# --- Drivers

SYNC_URLS = {
    "sqlite+aiosqlite://": "sqlite+aiosqlite is an asynchronous driver; use dalkit.aio.AsyncDatabaseManager",
    "postgresql+asyncpg://h/d": "postgresql+asyncpg is an asynchronous driver; use dalkit.aio.AsyncDatabaseManager",
    "mariadb+asyncmy://h/d": "mariadb+asyncmy is an asynchronous driver; use dalkit.aio.AsyncDatabaseManager",
}
ASYNC_URLS = {
    "sqlite+pysqlite://": "sqlite+pysqlite is not an asynchronous driver; write sqlite+aiosqlite://",
    "postgresql+psycopg2://h/d": "postgresql+psycopg2 is not an asynchronous driver; write postgresql+psycopg://",
    "mariadb+pymysql://h/d": "mariadb+pymysql is not an asynchronous driver; write mariadb+asyncmy://",
    "mysql+pymysql://h/d": "mysql+pymysql is not an asynchronous driver; write mysql+asyncmy://",
    "mssql+pyodbc://h/d": "mssql+pyodbc is not an asynchronous driver",
}


@pytest.mark.parametrize(("url", "message"), SYNC_URLS.items())
def test_an_asynchronous_driver_is_refused_by_the_synchronous_manager(url: str, message: str) -> None:
    assert str(refused(lambda: DatabaseManager(url), ConfigurationError)).startswith(message)


@pytest.mark.parametrize(("url", "message"), ASYNC_URLS.items())
def test_a_synchronous_driver_is_refused_by_the_asynchronous_manager(url: str, message: str) -> None:
    assert str(refused(lambda: AsyncDatabaseManager(url), ConfigurationError)) == message


@pytest.mark.drivers("pysqlite", "aiosqlite", "psycopg", "psycopg_async", "pymysql", "asyncmy")
def test_the_driver_that_a_url_without_one_gets_works(kit: Kit) -> None:
    db = kit.manager(kit.url.set(drivername=kit.backend))
    with db.session_scope() as session:
        assert session.scalar(select(1)) == 1
    assert db.engine.driver == kit.driver.drivername.partition("+")[2]


def test_a_manager_is_made_from_settings_too(kit: Kit) -> None:
    config = DatabaseConfig.from_url(kit.url, pool=ONE)
    db = kit.manager(config)
    assert (db.config.url, db.pool_status()["writer"].capacity) == (kit.url, 1)


# --- What a connection is

LEVELS = {"postgresql": "SHOW transaction_isolation", "mariadb": "SELECT @@session.tx_isolation"}


@servers
@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", None])
def test_the_isolation_level_is_set_for_writers(kit: Kit, level: str | None) -> None:
    db = kit.manager(isolation_level=level, pool=ONE)
    own = {"postgresql": "READ COMMITTED", "mariadb": "REPEATABLE READ"}[kit.backend]
    for _ in range(2):
        with db.session_scope() as session:
            found = session.scalar(text(LEVELS[kit.backend]))
            assert found.upper().replace("-", " ") == (level or own)


def test_an_unknown_isolation_level_is_refused_with_the_known_ones(kit: Kit) -> None:
    db = kit.manager(isolation_level="SERIALISABLE")
    refused(lambda: add_tag(db, "x"), exc.ArgumentError, r"Valid isolation levels for '\w+' are .*SERIALIZABLE")
    assert in_use(db) == 0


@pytest.mark.drivers("mariadb")
def test_mariadb_sessions_are_in_utc_wherever_the_server_is(kit: Kit) -> None:
    before = ask(kit, "SELECT @@global.time_zone")
    try:
        ask(kit, "SET GLOBAL time_zone = '+05:30'")
        db = kit.manager()
        for read_only in (False, True, "snapshot"):
            with db.session_scope(read_only=read_only) as session:
                seconds = session.scalar(text("SELECT TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW())"))
                assert (seconds, session.scalar(text("SELECT @@session.time_zone"))) == (0, "+00:00")
    finally:
        ask(kit, f"SET GLOBAL time_zone = '{before}'")


@pytest.fixture
def quiet_sqlalchemy() -> Iterator[None]:
    """Takes away the handler that `echo` gives to SQLAlchemy's logger."""
    logger = logging.getLogger("sqlalchemy")
    before = list(logger.handlers)
    yield
    logger.handlers[:] = before


@pytest.mark.usefixtures("quiet_sqlalchemy")
def test_echo_logs_statements_without_their_parameters(kit: Kit, db: Any, caplog: pytest.LogCaptureFixture) -> None:
    for echo in (False, True):
        caplog.clear()
        add_tag(kit.manager(echo=echo), f"s3cret-{echo}")
        found = [record.getMessage() for record in caplog.records if record.name.startswith("sqlalchemy.engine")]
        assert any("INSERT INTO" in message for message in found) is echo
        assert "s3cret" not in "".join(found)
    assert "hidden due to hide_parameters" in caplog.text


@pytest.mark.usefixtures("quiet_sqlalchemy")
def test_parameters_are_logged_if_so_wished(kit: Kit, db: Any, caplog: pytest.LogCaptureFixture) -> None:
    add_tag(kit.manager(echo=True, hide_parameters=False), "visible")
    assert "visible" in caplog.text


# --- Scopes


def test_leaving_a_scope_commits_closes_and_keeps_entities_readable(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        tag = Tag(name="one")
        session.add(tag)
    assert tags(db) == ["one"]
    assert (tag.name, tag.id > 0, in_use(db)) == ("one", True, 0)


ERRORS = [ValueError("mine"), KeyboardInterrupt("stop"), SystemExit(3), GeneratorExit(), asyncio.CancelledError()]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_any_exception_rolls_back_and_is_the_one_that_is_seen(kit: Kit, db: Any, error: BaseException) -> None:
    assert refused(lambda: leave(db, error), type(error)) is error
    assert error.__context__ is None
    assert (tags(db), in_use(db)) == ([], 0)


def test_a_generator_that_is_closed_rolls_back(kit: Kit, db: Any) -> None:
    def rows() -> Iterator[int]:
        with db.session_scope() as session:
            session.add(Tag(name="lost"))
            session.flush()
            yield 1

    generator = rows()
    next(generator)
    generator.close()  # type: ignore[attr-defined]  # generators can be closed
    assert (tags(db), in_use(db)) == ([], 0)


def test_a_flush_that_fails_at_the_end_rolls_back(kit: Kit, db: Any) -> None:
    def fail() -> None:
        with db.session_scope() as session:
            session.add_all([Tag(name="same"), Tag(name="same")])

    refused(fail, exc.IntegrityError)
    assert (tags(db), in_use(db)) == ([], 0)


@pytest.mark.drivers("sqlite", "postgresql")
def test_a_commit_that_fails_is_rolled_back_and_the_next_user_sees_nothing_of_it(kit: Kit) -> None:
    db = kit.manager(pool=ONE)
    db.create_tables(metadata)

    def fail() -> None:
        with db.session_scope() as session:
            session.execute(insert(children).values(id=1, parent_id=99))

    for _ in range(2):
        refused(fail, exc.IntegrityError)
        assert in_use(db) == 0
        with db.session_scope() as session:
            assert session.scalar(select(func.count()).select_from(children)) == 0
            session.execute(insert(parents).values(id=session.scalar(select(func.count()).select_from(parents))))
    with db.session_scope(read_only=True) as session:
        assert session.scalars(select(children.c.id)).all() == []
        assert session.scalars(select(parents.c.id)).all() == [0, 1]
    db.drop_tables(metadata)


def test_scopes_are_independent_of_each_other(kit: Kit, db: Any) -> None:
    inner = memory(kit) if kit.backend == "sqlite" else db
    inner.create_tables(Tag)

    def fail() -> None:
        with db.session_scope() as session:
            session.add(Tag(name="outer"))
            session.flush()
            add_tag(inner, "inner")
            raise ValueError

    refused(fail, ValueError)
    assert tags(inner) == ["inner"]


def test_a_session_cannot_be_used_after_its_scope(kit: Kit, db: Any) -> None:
    for read_only in (False, True, "snapshot"):
        with db.session_scope(read_only=read_only) as session:
            pass
        refused(lambda: session.scalar(select(1)), exc.InvalidRequestError, "closed")


def test_many_scopes_at_once_share_one_manager(kit: Kit, db: Any) -> None:
    together(kit, lambda number: add_tag(db, f"{number:02}"), range(16))
    assert len(tags(db)) == 16
    assert in_use(db) == 0


def test_sessions_are_of_the_class_that_was_asked_for(kit: Kit) -> None:
    class OwnSession(Session):
        """A session of an application."""

    db = kit.manager(session_class=OwnSession)
    for session in (db.open_session(), db.open_session(read_only=True), db.sessionmaker()):
        assert isinstance(session, OwnSession)
        session.close()
    with db.session_scope() as session:
        assert type(session) is OwnSession
    assert isinstance(db.scoped(), OwnSession)


def test_a_plain_factory_makes_sessions_that_write_and_stay_readable(kit: Kit, db: Any) -> None:
    session = db.sessionmaker()
    session.add(tag := Tag(name="plain"))
    session.commit()
    session.close()
    assert (tags(db), tag.name) == (["plain"], "plain")


# --- Scopes whose connection breaks


def killed(kit: Kit) -> Callable[[Any], None]:
    """What ends a session's connection from outside."""
    return lambda session: kill(kit, identity(session))


def tried_after(kit: Kit) -> Callable[[Any], None]:
    """What ends a session's connection and lets the session find out."""

    def break_and_try(session: Any) -> None:
        kill(kit, identity(session))
        with pytest.raises(exc.DBAPIError):
            session.execute(select(1))

    return break_and_try


@servers
@pytest.mark.parametrize("how", [killed, tried_after])
@pytest.mark.parametrize(
    "error", [ValueError("mine"), KeyboardInterrupt("stop")], ids=lambda error: type(error).__name__
)
def test_the_exception_of_the_block_is_seen_although_rollback_fails(kit: Kit, how: Any, error: BaseException) -> None:
    db = kit.manager(pool=ONE)
    assert refused(lambda: leave(db, error, how(kit)), type(error)) is error
    assert in_use(db) == 0
    with db.session_scope() as session:
        assert session.scalar(select(1)) == 1
    assert tags(db) == []


@servers
def test_a_commit_on_a_dead_connection_raises_and_gives_the_connection_up(kit: Kit) -> None:
    db = kit.manager(pool=ONE)

    def fail() -> None:
        with db.session_scope() as session:
            session.add(Tag(name="lost"))
            session.flush()
            kill(kit, identity(session))

    error = refused(fail, exc.DBAPIError)
    assert isinstance(error, exc.DBAPIError)
    assert error.connection_invalidated
    assert (in_use(db), tags(db)) == (0, [])


def test_the_exception_of_the_block_is_seen_although_every_way_to_end_the_session_fails(
    kit: Kit, caplog: pytest.LogCaptureFixture
) -> None:
    class Unending(Session):
        """A session that cannot be ended."""

        def fail(self) -> None:
            raise RuntimeError("no end")

        rollback = close = invalidate = fail

    error = ValueError("mine")

    def work() -> None:
        with kit.manager(session_class=Unending).session_scope():
            raise error

    with caplog.at_level(logging.WARNING, "dalkit"):
        assert refused(work, ValueError) is error
    steps = ["rollback failed", "that failed, too", "close failed", "that failed, too"]
    assert [step in message for step, message in zip(steps, caplog.messages, strict=True)] == [True] * 4


# --- Scopes whose task is cancelled


@asynchronous
def test_a_cancelled_task_rolls_back_and_gives_its_connection_back(kit: Kit, db: Any) -> None:
    inside, never = Gate(kit), Gate(kit)

    def work() -> None:
        with db.session_scope() as session:
            session.add(Tag(name="lost"))
            session.flush()
            inside.open()
            never.wait()

    task = Aside(kit, work)
    inside.wait()
    task.cancel()
    refused(task.result, asyncio.CancelledError)
    assert (tags(db), in_use(db)) == ([], 0)


@asynchronous
@pytest.mark.parametrize("step", ["rollback", "commit"])
def test_a_task_that_is_cancelled_again_while_it_ends_its_transaction_ends_it(kit: Kit, step: str) -> None:
    db = kit.manager(pool=ONE)
    slow = Gate(kit)

    def linger(connection: Any) -> None:
        slow.open()
        await_only(asyncio.sleep(0.05))

    def work() -> None:
        with db.session_scope() as session:
            session.add(Tag(name="lost"))
            session.flush()
            event.listen(db.engine, "rollback", linger)
            raise ZeroDivisionError if step == "rollback" else asyncio.CancelledError

    task = Aside(kit, work)
    slow.wait()
    task.cancel()
    pause(kit, 0.01)
    task.cancel()
    refused(task.result, asyncio.CancelledError)
    event.remove(db.engine, "rollback", linger)
    assert (in_use(db), tags(db)) == (0, [])


# --- Logs


def test_commit_rollback_and_close_are_logged(kit: Kit, db: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "dalkit"):
        add_tag(db, "s3cret")
        assert ends(caplog) == ["commit", "close"]
        refused(lambda: leave(db, ValueError("s3cret")), ValueError)
        assert ends(caplog) == ["rolling back after ValueError", "rollback", "close"]
        with db.sessionmaker.begin() as session:
            session.add(Tag(name="two"))
            with session.begin_nested():
                session.add(Tag(name="three"))
        assert ends(caplog) == ["commit", "close"]
        with db.session_scope(read_only=True) as session:
            session.scalar(select(1))
        assert ends(caplog) == ["close"]
    assert tags(db) == ["s3cret", "three", "two"]


def ends(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the logger `dalkit` has said of one session since the last call."""
    found = [record.getMessage().split(": ") for record in caplog.records if record.name == "dalkit"]
    caplog.clear()
    assert len({session for session, _ in found}) == 1
    return [what for _, what in found]


# --- A session per thread, or per task


def test_scoped_is_one_session_for_each_thread_or_task(kit: Kit, db: Any) -> None:
    both, arrived = Gate(kit), list[int]()

    def take(number: int) -> Any:
        session = db.scoped()
        assert db.scoped() is session
        arrived.append(number)
        if len(arrived) == 2:
            both.open()
        both.wait()
        assert db.scoped() is session
        db.scoped.remove()
        fresh = db.scoped()
        assert fresh is not session
        db.scoped.remove()
        return session

    one, two = together(kit, take, range(2))
    assert one is not two


def test_scoped_acts_as_its_session(kit: Kit, db: Any) -> None:
    db.scoped.add(Tag(name="one"))
    db.scoped.commit()
    assert in_use(db) == 0
    db.scoped.add(Tag(name="two"))
    db.scoped.flush()
    assert in_use(db) == 1
    db.scoped.remove()
    assert (in_use(db), tags(db)) == (0, ["one"])


def test_the_registry_is_the_same_for_all_who_ask_at_once(kit: Kit) -> None:
    db = kit.manager()
    target = getattr(db, "target", db)
    assert len({id(registry) for registry in together(kit, lambda _: target.scoped, range(16))}) == 1


@synchronous
def test_scoped_of_the_synchronous_manager_is_refused_inside_an_event_loop(kit: Kit, db: Any) -> None:
    kept = db.scoped

    async def use(work: Callable[[], object]) -> None:
        await asyncio.sleep(0)
        work()

    for work in (lambda: db.scoped, lambda: kept()):
        error = refused(lambda: asyncio.run(use(work)), InvalidArgumentError)  # noqa: B023
        assert "was used inside an event loop" in str(error)
    assert kept() is db.scoped()
    refused(lambda: asyncio.run(use(lambda: db.scoped())), InvalidArgumentError)
    db.scoped.remove()


# --- Tables


def circle(prefix: str, *, named: bool) -> MetaData:
    """Two tables that refer to each other and to themselves, a third that refers to them, and an enumeration."""
    made = MetaData()
    color = Enum("red", "green", name=f"{prefix}_color")

    def refers(column: str, table: str) -> Column[Any]:
        name = f"fk_{prefix}_{column}" if named else None
        return Column(column, ForeignKey(f"{prefix}_{table}.id", name=name))

    def table(name: str, *columns: Column[Any]) -> None:
        Table(f"{prefix}_{name}", made, Column("id", Integer, primary_key=True, autoincrement=False), *columns)

    table("hens", refers("egg_id", "eggs"), refers("mother_id", "hens"), Column("color", color))
    table("eggs", refers("hen_id", "hens"), refers("twin_id", "eggs"), Column("color", color))
    table("nests", refers("nest_hen_id", "hens"))
    return made


def fill(db: Any, made: MetaData, prefix: str) -> None:
    hens, eggs, nests = (made.tables[f"{prefix}_{name}"] for name in ("hens", "eggs", "nests"))
    with db.session_scope() as session:
        session.execute(insert(hens).values(id=1, mother_id=1, color="red"))
        session.execute(insert(eggs).values(id=1, hen_id=1, twin_id=1, color="green"))
        session.execute(hens.update().values(egg_id=1))
        session.execute(insert(nests).values(id=1, nest_hen_id=1))


@pytest.mark.parametrize("named", [True, False], ids=["named", "nameless"])
@pytest.mark.parametrize("filled", [True, False], ids=["with rows", "empty"])
def test_tables_that_refer_to_each_other_in_a_circle_are_created_and_dropped(
    kit: Kit, db: Any, named: bool, filled: bool
) -> None:
    made = circle("circle", named=named)
    before = inspect_tables(kit, db)
    for _ in range(2):
        db.create_tables(made)
        db.create_tables(made)
        if filled:
            fill(db, made, "circle")
        assert set(inspect_tables(kit, db)) - set(before) == set(made.tables)
        db.drop_tables(made)
        db.drop_tables(made)
        assert inspect_tables(kit, db) == before
    assert left_over_types(db) == []


def left_over_types(db: Any) -> list[str]:
    with db.engine.connect() as connection:
        types = inspect(connection).get_enums() if connection.dialect.name == "postgresql" else []
    return [each["name"] for each in types if each["name"].startswith("circle")]


@pytest.mark.parametrize("named", [True, False], ids=["named", "nameless"])
def test_after_dropping_a_circle_foreign_keys_are_enforced(kit: Kit, named: bool) -> None:
    db = kit.manager(pool=ONE)
    made = circle("enforced", named=named)
    db.create_tables(made)
    fill(db, made, "enforced")
    db.drop_tables(made)
    db.create_tables(made)

    def orphan() -> None:
        with db.session_scope() as session:
            session.execute(insert(made.tables["enforced_nests"]).values(id=1, nest_hen_id=9))

    refused(orphan, exc.IntegrityError)
    db.drop_tables(made)


@servers
def test_a_table_that_others_refer_to_is_not_dropped_behind_their_back(kit: Kit, db: Any) -> None:
    made, others = circle("kept", named=False), MetaData()
    db.create_tables(made)
    made.tables["kept_hens"].to_metadata(others)
    made.tables["kept_eggs"].to_metadata(others)
    key = ForeignKey("kept_hens.id", name="fk_kept_other")
    other = Table("kept_others", others, Column("id", Integer, primary_key=True), Column("hen_id", key))
    with db.engine.begin() as connection:
        other.create(connection)
    refused(lambda: db.drop_tables(made), exc.DBAPIError)
    assert {"kept_hens", "kept_others"} < set(inspect_tables(kit, db))
    with db.engine.begin() as connection:
        other.drop(connection)
    db.drop_tables(made)


class ByClass(Base):
    """A table of its own metadata, given as a class."""

    __abstract__ = True
    metadata = MetaData()


Table("db_by_class", ByClass.metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))


class AnyBase:
    """What is no declarative base, but has the metadata of one, as SQLModel has."""

    metadata = ByClass.metadata


@pytest.mark.parametrize("given", [ByClass, AnyBase, ByClass.metadata], ids=["Base", "any class", "MetaData"])
def test_tables_are_given_by_a_base_or_by_their_metadata(kit: Kit, db: Any, given: Any) -> None:
    db.create_tables(given)
    assert "db_by_class" in inspect_tables(kit, db)
    db.drop_tables(given)
    assert "db_by_class" not in inspect_tables(kit, db)


@pytest.mark.parametrize("given", ["users", None, object(), Tag.id], ids=["text", "None", "object", "column"])
def test_anything_else_is_refused(kit: Kit, db: Any, given: Any) -> None:
    expected = "expected a declarative base or a MetaData, got "
    refused(lambda: db.create_tables(given), InvalidArgumentError, expected)
    refused(lambda: db.drop_tables(given), InvalidArgumentError, expected)


# --- Clean-up

USES: dict[str, Callable[[Any], object]] = {
    "engine": lambda db: db.engine,
    "read_engine": lambda db: db.read_engine,
    "sessionmaker": lambda db: db.sessionmaker,
    "open_session": lambda db: db.open_session(),
    "open_session(read_only=True)": lambda db: db.open_session(read_only=True),
    "session_scope": lambda db: db.session_scope().__enter__(),
    "scoped": lambda db: db.scoped,
    "create_tables": lambda db: db.create_tables(metadata),
    "drop_tables": lambda db: db.drop_tables(metadata),
    "health": lambda db: db.health(),
    "pool_status": lambda db: db.pool_status(),
}


@pytest.mark.parametrize("use", USES.values(), ids=USES.keys())
def test_after_cleanup_a_manager_cannot_be_used(kit: Kit, use: Callable[[Any], object]) -> None:
    db = kit.manager()
    db.cleanup()
    refused(lambda: use(db), ManagerClosedError, "has been cleaned up; make a new one")


def test_a_registry_that_was_kept_cannot_be_used_after_cleanup(kit: Kit) -> None:
    db = kit.manager()
    registry = db.scoped
    db.cleanup()
    if not kit.driver.asynchronous:  # AsyncSession itself is asked for lazily; its engine has no connection left
        refused(lambda: registry(), ManagerClosedError)


def test_cleanup_can_be_repeated(kit: Kit) -> None:
    db = kit.manager()
    db.cleanup()
    db.cleanup()


@contextmanager
def database_of_its_own(kit: Kit, request: pytest.FixtureRequest, name: str) -> Iterator[URL]:
    database = f"dalkit_{name}_{kit.driver.name}"
    request.getfixturevalue(kit.backend).create_database(database)
    yield kit.url.set(database=database)


@servers
def test_cleanup_closes_all_connections_of_writers_and_readers_and_of_scoped(
    kit: Kit, request: pytest.FixtureRequest
) -> None:
    with database_of_its_own(kit, request, "cleanup") as url:
        db = kit.manager(url)
        with db.session_scope() as one, db.session_scope() as two, db.session_scope(read_only=True) as three:
            for session in (one, two, three, db.scoped()):
                session.scalar(select(1))
        assert connections(kit, url.database or "") == 4
        assert in_use(db) == 1
        db.cleanup()
        wait_until(lambda: connections(kit, url.database or "") == 0)


@servers
def test_cleanup_closes_all_connections_although_the_one_of_scoped_is_dead(
    kit: Kit, request: pytest.FixtureRequest
) -> None:
    with database_of_its_own(kit, request, "dead") as url:
        db = kit.manager(url)
        with db.session_scope() as session:
            session.scalar(select(1))
            kill(kit, identity(db.scoped()))
        assert connections(kit, url.database or "") == 1
        db.cleanup()
        wait_until(lambda: connections(kit, url.database or "") == 0)
        refused(lambda: db.engine, ManagerClosedError)


@pytest.mark.drivers("pysqlite")
def test_cleanup_lets_go_of_the_file(kit: Kit, tmp_path: Any) -> None:
    db = kit.manager(kit.url.set(database=str(tmp_path / "x.db")))
    db.create_tables(metadata)
    assert (tmp_path / "x.db-wal").exists()
    db.cleanup()
    gc.collect()
    assert [path.name for path in tmp_path.iterdir()] == ["x.db"]


def test_a_with_block_cleans_up(kit: Kit) -> None:
    with kit.manager() as db, db.session_scope() as session:
        assert session.scalar(select(1)) == 1
    refused(lambda: db.engine, ManagerClosedError)


def test_a_with_block_cleans_up_after_an_exception_which_is_the_one_that_is_seen(kit: Kit) -> None:
    db = kit.manager()
    error = ValueError("mine")

    def work() -> None:
        with db:
            db.scoped().scalar(select(1))
            raise error

    assert refused(work, ValueError) is error
    refused(lambda: db.engine, ManagerClosedError)


def test_a_repr_names_the_class_and_the_url(kit: Kit) -> None:
    name = "AsyncDatabaseManager" if kit.driver.asynchronous else "DatabaseManager"
    assert repr(kit.manager()) == f"<{name} {kit.url!r}>"


# --- Health


def test_a_living_database_is_well(kit: Kit, db: Any) -> None:
    manager = kit.manager()
    (writer,) = manager.health()
    assert (writer.engine, writer.ok, writer.error) == ("writer", True, None)
    assert 0 < writer.seconds < 30
    assert writer.pool == manager.pool_status()["writer"]
    assert (writer.pool.checked_out, writer.pool.idle) == (0, 1)
    with manager.session_scope(read_only=True) as session:
        session.scalar(select(1))
    assert [(health.engine, health.ok) for health in manager.health()] == [("writer", True), ("reader", True)]


@pytest.mark.drivers("sqlite")
def test_a_file_that_cannot_be_opened_is_not_well(kit: Kit) -> None:
    (health,) = kit.manager(kit.url.set(database="/nowhere/s3cret.db")).health()
    assert (health.ok, health.error) == (False, "OperationalError")
    assert "s3cret" not in repr(health)


def test_a_pool_that_is_exhausted_is_not_well(kit: Kit) -> None:
    db = kit.manager(pool=PoolConfig(size=1, max_overflow=0, timeout=0.1))
    with db.engine.connect():
        (health,) = db.health()
    assert (health.ok, health.error) == (False, "TimeoutError")
    assert db.health()[0].ok


@pytest.fixture(scope="module")
def spare() -> Iterator[Callable[[Kit], Any]]:
    """Servers that tests may kill, one for each backend."""
    made: dict[str, Any] = {}

    def server(kit: Kit) -> Any:
        if kit.backend not in made:
            found = {"postgresql": find_postgresql, "mariadb": find_mariadb}[kit.backend]()
            if isinstance(found, Missing):
                skip_or_fail(found)
            elif isinstance(found, RunningMariaDB):
                pytest.skip("DALKIT_TEST_MARIADB names a server that runs already")
            else:
                made[kit.backend] = found.server().start()
        return made[kit.backend]

    yield server
    for each in made.values():
        each.close()


@servers
def test_a_killed_server_is_not_well_and_its_restart_heals_the_pool(kit: Kit, spare: Callable[[Kit], Any]) -> None:
    server = spare(kit)
    db = kit.manager(server.url().set(drivername=kit.driver.drivername), pool=PoolConfig(size=2, max_overflow=0))
    with db.session_scope() as session, db.session_scope(read_only=True) as reader:
        session.scalar(select(1))
        reader.scalar(select(1))
    server.kill()
    wait_until(lambda: not any(each.ok for each in db.health()))  # its children live a moment longer
    for health in [*db.health(), *db.health()]:
        assert not health.ok
        assert health.error is not None
        assert health.error.isidentifier()
        assert str(server.port) not in repr(health)
        assert health.pool.checked_out == 0
    server.start()
    with db.session_scope() as session, db.session_scope(read_only=True) as reader:
        assert (session.scalar(select(1)), reader.scalar(select(1))) == (1, 1)
    assert [health.ok for health in db.health()] == [True, True]
