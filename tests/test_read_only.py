"""Read-only scopes: what they see, what they cost, what they refuse, and what the database refuses by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import DDL, Engine, delete, event, exc, func, insert, inspect, literal, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from dalkit import InvalidArgumentError, PoolConfig, ReadOnlySessionError
from tests.drivers import Kit
from tests.proxy import Proxy
from tests.seed_models.shop import START, Order, Tag, make_user

servers = pytest.mark.drivers("postgresql", "mariadb")
Work = Callable[[Session], object]
Works = dict[str, Work]
both_ways = pytest.mark.parametrize("read_only", [True, "snapshot"])


def managers(kit: Kit, db: Any) -> Iterator[Any]:
    """Managers whose tables hold a user with an order and the tags one and two: the driver's, and SQLite in memory."""
    fill(db)
    yield db
    if kit.backend == "sqlite":
        memory = kit.manager(kit.url.set(database=":memory:"))
        memory.create_tables(Tag)
        fill(memory)
        yield memory


def fill(db: Any) -> None:
    with db.session_scope() as session:
        user = make_user("ada")
        session.add_all([Tag(name="one"), Tag(name="two"), user])
        session.add(Order(reference="first", placed_at=START, customer=user))


def add_tag(db: Any, name: str) -> None:
    """Adds a tag in a transaction of its own."""
    with db.session_scope() as session:
        session.add(Tag(name=name))


def names(session: Session) -> list[str]:
    return list(session.scalars(select(Tag.name).order_by(Tag.id)))


@contextmanager
def sent(engine: Engine) -> Iterator[list[str]]:
    """Collects what is handed to the driver: statements that something refused before are not among them."""
    found: list[str] = []

    def note(cursor: Any, statement: str, *rest: Any) -> None:
        found.append(statement)

    for name in ("do_execute", "do_executemany"):
        event.listen(engine, name, note)
    try:
        yield found
    finally:
        _unlisten(engine, note)


def _unlisten(engine: Engine, note: Any) -> None:
    for name in ("do_execute", "do_executemany"):
        event.remove(engine, name, note)


# What a scope sees


def test_each_statement_sees_what_is_committed_at_its_moment(kit: Kit, db: Any) -> None:
    add_tag(db, "one")
    with db.session_scope(read_only=True) as reader:
        assert names(reader) == ["one"]
        add_tag(db, "two")
        assert names(reader) == ["one", "two"]


def test_a_snapshot_sees_one_state(kit: Kit, db: Any) -> None:
    add_tag(db, "one")
    with db.session_scope(read_only="snapshot") as reader:
        assert names(reader) == ["one"]
        add_tag(db, "two")
        assert names(reader) == ["one"]
    with db.session_scope(read_only="snapshot") as reader:
        assert names(reader) == ["one", "two"]


def test_statements_and_snapshots_take_turns_on_one_connection(kit: Kit, db: Any) -> None:
    own = kit.manager(read_pool=PoolConfig(size=1, max_overflow=0))
    for read_only, expected in [(True, 2), ("snapshot", 1), (True, 2), ("snapshot", 1)]:
        with own.session_scope() as session:
            session.execute(delete(Tag))
            session.add(Tag(name="one"))
        with own.session_scope(read_only=read_only) as reader:
            names(reader)
            add_tag(own, "two")
            assert len(names(reader)) == expected


@both_ways
def test_entities_stay_readable_and_load_lazily_inside(kit: Kit, db: Any, read_only: Any) -> None:
    for manager in managers(kit, db):
        with manager.session_scope(read_only=read_only) as reader:
            order = reader.scalars(select(Order)).one()
            assert order.customer.full_name == "Name of ada"
            assert [each.reference for each in order.customer.orders] == ["first"]
        assert (order.reference, order.customer.email) == ("first", "ada@shop.example")
        assert inspect(order).detached


@both_ways
def test_a_read_only_unit_of_work_reads_through_its_repositories(kit: Kit, db: Any, read_only: Any) -> None:
    for manager in managers(kit, db):
        with kit.unit(manager, read_only=read_only, tags=Tag) as unit:
            assert unit.tags.count() == 2
            tags = unit.tags.find()
        assert sorted(tag.name for tag in tags) == ["one", "two"]


# What a scope costs


class Measured:
    """A manager behind a proxy, and the round trips of the blocks that it runs."""

    def __init__(self, kit: Kit, proxy: Proxy) -> None:
        self.proxy = proxy
        self.manager = kit.manager(proxy.url(kit.url))

    def read(self, times: int, read_only: Any) -> None:
        with self.manager.session_scope(read_only=read_only) as session:
            for _ in range(times):
                names(session)

    def cost(self, times: int, read_only: Any) -> int:
        """The round trips of a scope of `times` reads, once connections are pooled and statements prepared."""
        for _ in range(3):
            self.read(3, read_only)
        before = self.proxy.round_trips
        self.read(times, read_only)
        return self.proxy.round_trips - before


@pytest.fixture
def measured(kit: Kit, db: Any) -> Iterator[Measured]:
    assert kit.url.host is not None
    assert kit.url.port is not None
    with Proxy(kit.url.host, kit.url.port) as proxy:
        yield Measured(kit, proxy)
        kit.clean_up()


WRITER_EXTRA = {"asyncpg": 5}
"""A ping, BEGIN and COMMIT are three; SQLAlchemy pings asyncpg in a transaction of its own."""

SNAPSHOT_EXTRA = {"postgresql": 2, "mariadb": 3, "psycopg2": 3}
"""BEGIN and ROLLBACK; on MariaDB autocommit is switched off and on around them; psycopg2 asks when it leaves it."""


@servers
def test_a_scope_of_n_reads_costs_n_round_trips(kit: Kit, measured: Measured) -> None:
    assert [measured.cost(n, read_only=True) for n in (0, 1, 2, 5)] == [0, 1, 2, 5]


@servers
def test_a_scope_that_could_write_costs_at_least_three_more(kit: Kit, measured: Measured) -> None:
    extra = WRITER_EXTRA.get(kit.driver.name, 3)
    assert [measured.cost(n, read_only=False) for n in (1, 5)] == [1 + extra, 5 + extra]


@servers
def test_a_snapshot_costs_its_transaction(kit: Kit, measured: Measured) -> None:
    extra = SNAPSHOT_EXTRA.get(kit.driver.name, SNAPSHOT_EXTRA[kit.backend])
    assert [measured.cost(n, read_only="snapshot") for n in (1, 5)] == [1 + extra, 5 + extra]


# What is refused before it is sent


def bulk_insert(session: Session) -> None:
    try:
        session.bulk_insert_mappings(inspect(Tag), [{"name": "x", "color": "y"}])
    finally:
        session.rollback()  # as after any flush that failed


WRITES: Works = {
    "Core insert": lambda session: session.connection().execute(insert(Tag.__table__).values(name="x", color="y")),
    "Core update": lambda session: session.connection().execute(update(Tag.__table__).values(name="x")),
    "Core delete": lambda session: session.connection().execute(delete(Tag.__table__)),
    "ORM insert": lambda session: session.execute(insert(Tag), [{"name": "x"}, {"name": "y"}]),
    "ORM update": lambda session: session.execute(update(Tag).values(name="x")),
    "ORM delete": lambda session: session.execute(delete(Tag)),
    "ORM bulk insert": lambda session: bulk_insert(session),
    "insert in a CTE": lambda session: session.execute(
        select(insert(Tag).values(name="x").returning(Tag.id).cte("made"))
    ),
    "text insert": lambda session: session.execute(text("INSERT INTO shop_tags (name) VALUES ('x')")),
    "text in lower case": lambda session: session.execute(text("  update shop_tags set name = 'x'")),
    "text delete": lambda session: session.execute(text("\n\tDELETE FROM shop_tags")),
    "text in a CTE": lambda session: session.execute(
        text("WITH gone AS (DELETE FROM shop_tags RETURNING id) SELECT id FROM gone")
    ),
    "text update in a CTE": lambda session: session.execute(
        text("with changed as (update shop_tags set name = 'x' returning id) select id from changed")
    ),
    "driver's text": lambda session: session.connection().exec_driver_sql("INSERT INTO shop_tags (name) VALUES ('x')"),
    "create table": lambda session: session.execute(text("CREATE TABLE made_by_a_reader (id INTEGER)")),
    "drop table": lambda session: Tag.__table__.drop(session.connection()),
    "DDL": lambda session: session.connection().execute(DDL("ANALYZE shop_tags")),
    "truncate": lambda session: session.execute(text("TRUNCATE TABLE shop_tags")),
}
LOCKS: Works = {
    "text for update": lambda session: session.execute(text("SELECT 1 FROM shop_tags FOR UPDATE")),
    "text for share": lambda session: session.execute(text("select 1 from shop_tags\nfor  share")),
    "text key share": lambda session: session.execute(text("select 1 from shop_tags for key share")),
    "text in share mode": lambda session: session.execute(text("SELECT 1 FROM shop_tags LOCK IN SHARE MODE")),
    "behind a literal": lambda session: session.execute(text("SELECT 'it''s' FROM shop_tags FOR UPDATE")),
}
RENDERED_LOCKS: Works = {
    "ORM": lambda session: session.scalars(select(Tag).with_for_update()).all(),
    "read": lambda session: session.scalars(select(Tag).with_for_update(read=True)).all(),
    "skip locked": lambda session: session.scalars(select(Tag).with_for_update(skip_locked=True)).all(),
    "by key": lambda session: session.get(Tag, 1, with_for_update=True),
    "refresh": lambda session: session.refresh(session.scalars(select(Tag)).first(), with_for_update=True),
    "in a subquery": lambda session: session.execute(select(select(Tag.id).with_for_update().subquery())),
}
SAVEPOINTS: Works = {
    "session": lambda session: session.begin_nested(),
    "connection": lambda session: session.connection().begin_nested(),
}
TRANSACTION_BOUND: Works = {
    "text savepoint": lambda session: session.execute(text("SAVEPOINT mine")),
    "set local": lambda session: session.execute(text("SET LOCAL statement_timeout = 1000")),
    "set local, second": lambda session: session.execute(text("SELECT 1; SET  LOCAL statement_timeout = 1000")),
    "lock": lambda session: session.execute(select(func.pg_advisory_xact_lock(1))),
    "try lock": lambda session: session.execute(select(func.pg_try_advisory_xact_lock_shared(1))),
    "text lock": lambda session: session.execute(text("SELECT pg_advisory_xact_lock(1)")),
}


def assert_refused(manager: Any, read_only: Any, works: Works, reason: str) -> None:
    """Checks that each work raises, that nothing of it reaches the driver, and that the scope goes on."""
    with manager.session_scope(read_only=read_only) as reader:
        for name, work in works.items():
            before = names(reader)
            with sent(manager.read_engine) as statements:
                error = refusal_of(work, reader)
            assert error is not None, f"{name} was not refused"
            assert reason in str(error), name
            assert [each for each in statements if not each.startswith("SELECT shop_tags.id")] == [], name
            assert names(reader) == before, name


def refusal_of(work: Work, reader: Session) -> ReadOnlySessionError | None:
    try:
        work(reader)
    except ReadOnlySessionError as error:
        return error
    return None


@both_ways
def test_writes_are_refused(kit: Kit, db: Any, read_only: Any) -> None:
    for manager in managers(kit, db):
        assert_refused(manager, read_only, WRITES, "was asked to write; use a scope without read_only")


@both_ways
def test_row_locks_are_refused(kit: Kit, db: Any, read_only: Any) -> None:
    for manager in managers(kit, db):
        assert_refused(manager, read_only, LOCKS, "was asked for a row lock")


@servers
@both_ways
def test_locks_that_sqlalchemy_renders_are_refused(kit: Kit, db: Any, read_only: Any) -> None:
    fill(db)
    assert_refused(db, read_only, RENDERED_LOCKS, "was asked for a row lock")


@both_ways
def test_savepoints_are_refused(kit: Kit, db: Any, read_only: Any) -> None:
    for manager in managers(kit, db):
        assert_refused(manager, read_only, SAVEPOINTS, "has no savepoints")


def test_what_lasts_for_a_transaction_is_refused_where_there_is_none(kit: Kit, db: Any) -> None:
    for manager in managers(kit, db):
        assert_refused(manager, True, TRANSACTION_BOUND, "lasts for a transaction")


@pytest.mark.drivers("postgresql")
def test_a_snapshot_may_hold_what_lasts_for_a_transaction(kit: Kit, db: Any) -> None:
    with db.session_scope(read_only="snapshot") as reader:
        reader.execute(text("SET LOCAL statement_timeout = 1000"))
        reader.execute(select(func.pg_advisory_xact_lock(1)))
        assert reader.scalar(text("SHOW statement_timeout")) == "1s"
    with db.session_scope(read_only=True) as reader:
        assert reader.scalar(text("SHOW statement_timeout")) == "0"


@servers
def test_a_refusal_costs_no_round_trip(kit: Kit, measured: Measured) -> None:
    works = [*WRITES.values(), *LOCKS.values(), *SAVEPOINTS.values(), *TRANSACTION_BOUND.values()]
    with measured.manager.session_scope(read_only=True) as reader:
        names(reader)
        before = measured.proxy.round_trips
        for work in works:
            with pytest.raises(ReadOnlySessionError):
                work(reader)
        assert measured.proxy.round_trips == before


HARMLESS = (
    "SELECT 'x for update y', 'SET LOCAL a', 'pg_advisory_xact_lock(1)', 'savepoint a', 'delete from b'",
    "SELECT 'it''s for update', 'and ''for share'' too'",
    "SELECT for_update, savepoint_x FROM (SELECT 1 AS for_update, 2 AS savepoint_x) AS updates",
    'SELECT 1 AS "for update", 2 AS "set local"',
    "SELECT a.savepoint FROM (SELECT 1 AS savepoint) AS a",
    "SELECT 1 /* for update */ -- set local\n",
    "WITH updated AS (SELECT 'insert into' AS word) SELECT word FROM updated",
    "SELECT replace('insert', 'in', 'de')",
)


@both_ways
def test_the_words_alone_are_not_refused(kit: Kit, db: Any, read_only: Any) -> None:
    with db.session_scope(read_only=read_only) as reader:
        for statement in HARMLESS:
            reader.execute(text(statement)).all()
            reader.execute(select(literal(statement), Tag.name).where(Tag.name == statement)).all()


DIALECTS_OWN = {
    "postgresql": ["SELECT $$ for update $$, $a$ it's $$ for update $a$", r"SELECT E'it\'s for update', 'a\'"],
    "mariadb": [r"SELECT 'it\'s for update', 'a\\'", r"""SELECT "it's for update", "a\"for share" """],
    "sqlite": ["SELECT 'it''s for update', [for update] FROM (SELECT 1 AS [for update])"],
}


def test_the_words_in_the_databases_own_kinds_of_literals_are_not_refused(kit: Kit, db: Any) -> None:
    with db.session_scope(read_only=True) as reader:
        for statement in DIALECTS_OWN[kit.backend]:
            reader.connection().exec_driver_sql(statement).all()


@servers
def test_a_backslash_does_not_hide_a_lock(kit: Kit, db: Any) -> None:
    hidden = {
        "postgresql": r"SELECT 'a\' FROM shop_tags FOR UPDATE -- '",
        "mariadb": r"SELECT 'a\'' FROM shop_tags FOR UPDATE -- '",
    }
    fill(db)
    with db.session_scope(read_only=True) as reader, pytest.raises(ReadOnlySessionError):
        reader.connection().exec_driver_sql(hidden[kit.backend])


# Changed objects


def change(session: Session) -> None:
    session.scalars(select(Tag)).first().name = "changed"  # type: ignore[union-attr]


def remove(session: Session) -> None:
    session.delete(session.scalars(select(Tag)).first())


CHANGES: Works = {
    "new": lambda session: session.add(Tag(name="new")),
    "changed": change,
    "deleted": remove,
}


def flushed(work: Work) -> Work:
    """Does `work` and flushes; the changes are forgotten afterwards."""

    def run(session: Session) -> None:
        work(session)
        try:
            session.flush()
        finally:
            session.expunge_all()

    return run


@both_ways
def test_a_flush_of_changes_is_refused(kit: Kit, db: Any, read_only: Any) -> None:
    works = {name: flushed(work) for name, work in CHANGES.items()}
    for manager in managers(kit, db):
        assert_refused(manager, read_only, works, "holds 1 changed object(s) of Tag")


def leave(scope: Any, *works: Work) -> None:
    """Does `works` in the session of a scope, and leaves it."""
    with scope as entered:
        session = getattr(entered, "session", entered)
        for work in works:
            work(session)


@both_ways
def test_leaving_with_changes_raises_and_names_the_classes(kit: Kit, db: Any, read_only: Any) -> None:
    for manager in managers(kit, db):
        for work in CHANGES.values():
            with pytest.raises(ReadOnlySessionError, match=r"2 changed object\(s\) of Tag, User; .*without read_only"):
                leave(manager.session_scope(read_only=read_only), work, lambda session: session.add(make_user("new")))
            with pytest.raises(ReadOnlySessionError, match=r"1 changed object\(s\) of Tag"):
                leave(kit.unit(manager, read_only=read_only, tags=Tag), work)
        with manager.session_scope(read_only=True) as reader:
            assert names(reader) == ["one", "two"]


def test_autoflush_is_off(kit: Kit, db: Any) -> None:
    for manager in managers(kit, db):
        with manager.session_scope(read_only=True) as reader:
            reader.add(Tag(name="new"))
            change(reader)
            assert names(reader) == ["one", "two"]
            reader.expunge_all()


def test_an_attribute_set_to_its_old_value_is_no_change(kit: Kit, db: Any) -> None:
    for manager in managers(kit, db):
        with manager.session_scope(read_only=True) as reader:
            tag = reader.scalars(select(Tag)).first()
            tag.name = tag.name + ""
            reader.flush()


def test_commit_and_rollback_do_not_open_it_for_writing(kit: Kit, db: Any) -> None:
    for manager in managers(kit, db):
        with manager.session_scope(read_only=True) as reader:
            for end in (reader.commit, reader.rollback):
                names(reader)
                end()
                with pytest.raises(ReadOnlySessionError):
                    reader.execute(delete(Tag))
            change(reader)
            with pytest.raises(ReadOnlySessionError):
                reader.commit()
            reader.rollback()


def test_the_exception_of_the_block_is_the_one_that_is_seen(kit: Kit, db: Any) -> None:
    def fail(session: Session) -> None:
        raise ZeroDivisionError

    for manager in managers(kit, db):
        with pytest.raises(ZeroDivisionError):
            leave(manager.session_scope(read_only=True), change, fail)


# What the database itself refuses


@contextmanager
def driver_cursor(manager: Any) -> Iterator[Any]:
    """A cursor of the driver on a reader's connection: what is sent through it, dalkit does not see."""
    with manager.read_engine.connect() as connection:
        cursor = connection.connection.cursor()
        yield cursor
        cursor.close()


REFUSALS = {
    "sqlite": "attempt to write a readonly database",
    "postgresql": "in a read-only transaction",
    "mariadb": "READ ONLY transaction",
}


RAW_WRITES = (
    "INSERT INTO shop_tags (name, color) VALUES ('x', 'y')",
    "UPDATE shop_tags SET name = 'x'",
    "DELETE FROM shop_tags",
    "CREATE TABLE made_by_a_reader (id INTEGER)",
)


def test_the_database_itself_refuses_to_write(kit: Kit, db: Any) -> None:
    for manager in managers(kit, db):
        error_class = manager.read_engine.dialect.loaded_dbapi.Error
        for statement in RAW_WRITES:
            with driver_cursor(manager) as cursor, pytest.raises(error_class, match=REFUSALS[kit.backend]):
                cursor.execute(statement)
        with manager.session_scope(read_only=True) as reader:
            assert names(reader) == ["one", "two"]


@servers
def test_the_database_refuses_also_what_goes_around_the_session_altogether(kit: Kit, db: Any) -> None:
    raw = db.read_engine.raw_connection()
    try:
        with pytest.raises(db.read_engine.dialect.loaded_dbapi.Error, match=REFUSALS[kit.backend]):
            raw.cursor().execute("INSERT INTO shop_tags (name, color) VALUES ('x', 'y')")
    finally:
        raw.close()


def test_a_text_that_dalkit_does_not_understand_is_refused_by_the_database(kit: Kit, db: Any) -> None:
    for manager in managers(kit, db):
        with manager.session_scope(read_only=True) as reader:
            hidden = text("/* a comment */ DELETE FROM shop_tags")
            with pytest.raises(exc.DBAPIError, match=REFUSALS[kit.backend]):
                reader.execute(hidden)


def test_after_reading_a_database_in_memory_can_be_written(kit: Kit, db: Any) -> None:
    for manager in managers(kit, db):
        for read_only in (True, "snapshot"):
            with manager.session_scope(read_only=read_only) as reader:
                names(reader)
            add_tag(manager, str(read_only))
        with pytest.raises(ReadOnlySessionError):
            leave(manager.session_scope(read_only=True), WRITES["ORM delete"])
        add_tag(manager, "after a refusal")
        with manager.session_scope(read_only=True) as reader:
            assert names(reader) == ["one", "two", "True", "snapshot", "after a refusal"]


# Dead connections

OWN_ID = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT connection_id()"}
KILL = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}
ALIVE = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE pid = {}",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE id = {}",
}


def own_id(reader: Session) -> Any:
    return reader.scalar(text(OWN_ID[reader.get_bind().dialect.name]))


def kill(db: Any, each: int) -> None:
    """Ends a connection on the server, and waits until it is gone."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        backend = connection.dialect.name
        connection.execute(text(KILL[backend].format(each)))
        deadline = time.monotonic() + 5
        while connection.scalar(text(ALIVE[backend].format(each))):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def kill_all_readers(db: Any, how_many: int) -> None:
    """Fills the readers' pool with connections, all of which the server has ended."""
    if how_many:
        with db.session_scope(read_only=True) as reader:
            kill_when_pooled = own_id(reader)
            kill_all_readers(db, how_many - 1)
        kill(db, kill_when_pooled)


FIRST_READS: Works = {
    "ORM": names,
    "get": lambda session: session.get(Tag, 0),
    "text": lambda session: session.scalar(text("SELECT 1")),
}


@servers
@both_ways
def test_the_first_statement_is_sent_again_on_a_dead_connection(kit: Kit, db: Any, read_only: Any) -> None:
    db = kit.manager()  # whose pool holds no living connection of other tests
    per_scope = 2 if kit.backend == "mariadb" and read_only == "snapshot" else 1
    for name, work in FIRST_READS.items():
        kill_all_readers(db, 2)
        with sent(db.read_engine) as statements:
            for _ in range(2):
                with db.session_scope(read_only=read_only) as reader:
                    work(reader)
        failed = 0 if kit.driver.name == "psycopg2" and read_only == "snapshot" else 1  # it fails before it is sent
        assert len(statements) == 2 * per_scope + failed, name


@servers
def test_a_later_statement_is_not_sent_again(kit: Kit, db: Any) -> None:
    db = kit.manager()
    with db.session_scope(read_only=True) as reader:
        kill(db, own_id(reader))
        with sent(db.read_engine) as statements, pytest.raises(exc.DBAPIError) as caught:
            names(reader)
        assert len(statements) == 1
        assert caught.value.connection_invalidated
    with db.session_scope(read_only=True) as reader:
        assert names(reader) == []


@servers
def test_an_error_that_is_no_dead_connection_is_not_sent_again(kit: Kit, db: Any) -> None:
    db.read_engine  # noqa: B018 - made, so that it can be watched
    missing = text("SELECT * FROM no_such_table")
    with sent(db.read_engine) as statements, pytest.raises(exc.DBAPIError):
        leave(db.session_scope(read_only=True), lambda session: session.execute(missing))
    assert statements.count(missing.text) == 1


# Arguments


def test_a_misspelt_read_only_is_refused(kit: Kit, db: Any) -> None:
    for opened in (lambda: db.session_scope(read_only="snapshoot"), lambda: kit.unit(db, read_only="snapshoot")):
        with pytest.raises(InvalidArgumentError, match="'snapshot', got 'snapshoot'"), opened():
            pass
    with pytest.raises(InvalidArgumentError):
        db.open_session(read_only="snapshoot")


@both_ways
def test_a_plain_sessionmaker_cannot_be_read_only(kit: Kit, db: Any, read_only: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="read_only needs a"), kit.unit(sessionmaker(), read_only=read_only):
        pass


@both_ways
def test_a_read_only_unit_of_work_refuses_hooks_and_savepoints(kit: Kit, db: Any, read_only: Any) -> None:
    with kit.unit(db, read_only=read_only, tags=Tag) as unit:
        for register in (unit.before_commit, unit.after_commit, unit.after_rollback):
            with pytest.raises(ReadOnlySessionError, match="never run"):
                register(print)
        with pytest.raises(ReadOnlySessionError, match="no savepoints"), unit.savepoint():
            pass
        assert unit.tags.count() == 0
