"""Transactions on SQLite are those of a database: dalkit sends BEGIN, the driver sends nothing by itself."""

from __future__ import annotations

import subprocess
import sys
from asyncio import CancelledError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    event,
    exc,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session, sessionmaker

from dalkit import ConfigurationError, DatabaseManager, PoolConfig, UnitOfWork
from tests.concurrency import Aside, Gate, elapsed, pause, together
from tests.drivers import Kit
from tests.words import words_of

pytestmark = pytest.mark.drivers("sqlite")

metadata = MetaData()
accounts = Table(
    "accounts", metadata, Column("id", Integer, primary_key=True), Column("balance", Integer, nullable=False)
)
entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
)
promises = Table(
    "promises",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", deferrable=True, initially="DEFERRED"), nullable=False),
)

Begin = Callable[[Any], Any]
BEGINS: dict[str, Begin] = {
    "session_scope": lambda db: db.session_scope(),
    "a session of SQLAlchemy": lambda db: sessionmaker(db.engine).begin(),
    "a connection": lambda db: db.engine.begin(),
}
every_begin = pytest.mark.parametrize("begin", BEGINS.values(), ids=BEGINS.keys())


class UndoneError(Exception):
    """Ends a transaction that is to be rolled back."""


def bank(kit: Kit, folder: Path, **options: Any) -> Any:
    """A manager of a new file with an account, whose balance is 0."""
    manager = kit.manager(kit.url.set(database=str(folder / "bank.db")), **options)
    return opened(manager)


def memory(kit: Kit, **options: Any) -> Any:
    """A manager of a database in memory with an account, whose balance is 0."""
    return opened(kit.manager(kit.url.set(database=":memory:"), **options))


def opened(manager: Any) -> Any:
    manager.create_tables(metadata)
    with manager.session_scope() as session:
        session.execute(insert(accounts).values(id=1, balance=0))
    return manager


def another(kit: Kit, db: Any, **options: Any) -> Any:
    """A second manager of the same file: another process, as far as SQLite can tell."""
    return kit.manager(db.config.url, **options)


def balance(db: Any) -> int:
    with db.session_scope(read_only=True) as session:
        return int(session.scalar(select(accounts.c.balance)))


def rows(db: Any, table: Table) -> int:
    with db.session_scope(read_only=True) as session:
        return int(session.scalar(select(func.count()).select_from(table)))


def increase(session: Any, by: int = 1) -> None:
    """Reads, then writes what it has computed: updates get lost if two do so at once."""
    seen = session.scalar(select(accounts.c.balance))
    session.execute(update(accounts).values(balance=seen + by))


def undo(scope: Any, work: Callable[[Any], object]) -> None:
    """Does something in a transaction that is rolled back."""
    with pytest.raises(UndoneError):
        _do_and_raise(scope, work)


def _do_and_raise(scope: Any, work: Callable[[Any], object]) -> None:
    with scope as session:
        work(session)
        raise UndoneError


def refused(work: Callable[[], object], words: str, error: type[Exception] = exc.OperationalError) -> None:
    """Something fails with an error that says so, or that comes from one that does."""
    with pytest.raises(error) as caught:
        work()
    assert words in words_of(caught.value)


@contextmanager
def sent(engine: Engine) -> Iterator[list[str]]:
    """Collects all statements, BEGIN and PRAGMA too."""
    found: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def pragma(db: Any, name: str) -> Any:
    with db.engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


# --- Writers


@every_begin
def test_a_writer_takes_the_lock_with_its_first_statement(kit: Kit, tmp_path: Path, begin: Begin) -> None:
    db = bank(kit, tmp_path)
    with sent(db.engine) as statements, begin(db) as session:
        session.execute(select(accounts))
    assert statements[0] == "BEGIN IMMEDIATE"
    assert sum(statement.startswith("BEGIN") for statement in statements) == 1


@every_begin
def test_a_second_writer_waits_for_the_first_and_no_update_is_lost(kit: Kit, tmp_path: Path, begin: Begin) -> None:
    db = bank(kit, tmp_path)
    second = another(kit, db)

    def write(manager: Any) -> None:
        for _ in range(3):
            with begin(manager) as session:
                increase(session)

    together(kit, write, [db, second] * 3)
    assert balance(db) == 18


def test_a_second_writer_goes_on_when_the_first_has_committed(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path)
    waiting = Gate(kit)

    def follow() -> int:
        waiting.open()
        with db.session_scope() as session:
            return int(session.scalar(select(accounts.c.balance)))

    with db.session_scope() as session:
        increase(session)
        follower = Aside(kit, follow)
        waiting.wait()
        pause(kit, 0.1)
        assert not follower.done()
    assert follower.result() == 1


def test_a_second_writer_gives_up_after_the_busy_timeout_and_nothing_is_lost(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path)
    impatient = another(kit, db, sqlite_busy_timeout=0.2)

    def write() -> None:
        with impatient.session_scope() as session:
            increase(session, by=100)

    with db.session_scope() as session:
        increase(session)
        with elapsed() as seconds:
            refused(write, "database is locked")
        assert 0.15 < seconds[0] < 10
    assert not impatient.pool_status()["writer"].checked_out
    write()
    assert balance(db) == 101


def test_the_busy_timeout_is_30_seconds_if_nothing_else_is_said(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path)
    assert pragma(db, "busy_timeout") == 30_000
    assert pragma(another(kit, db, sqlite_busy_timeout=1.5), "busy_timeout") == 1500
    assert pragma(another(kit, db, connect_args={"timeout": 2}), "busy_timeout") == 2000


def test_what_a_writer_has_read_stays_true_until_it_ends(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path)
    impatient = another(kit, db, sqlite_busy_timeout=0)

    def write() -> None:
        with impatient.session_scope() as session:
            increase(session)

    with db.session_scope() as session:
        assert session.scalar(select(accounts.c.balance)) == 0
        refused(write, "database is locked")
        assert session.scalar(select(accounts.c.balance)) == 0


def test_readers_neither_wait_for_a_writer_nor_see_what_is_not_committed(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path, sqlite_busy_timeout=0)
    with db.session_scope() as session:
        increase(session)
        assert balance(db) == 0
    assert balance(db) == 1


# --- Rollback


@every_begin
def test_a_rollback_undoes_tables_and_rows_alike(kit: Kit, tmp_path: Path, begin: Begin) -> None:
    db = bank(kit, tmp_path)

    def work(session: Any) -> None:
        session.execute(update(accounts).values(balance=7))
        session.execute(text("CREATE TABLE extra (id INTEGER PRIMARY KEY)"))
        session.execute(text("INSERT INTO extra DEFAULT VALUES"))
        session.execute(text("ALTER TABLE accounts ADD COLUMN owner TEXT"))
        session.execute(text("DROP TABLE entries"))

    undo(begin(db), work)
    tables = inspect(db.engine)
    assert set(tables.get_table_names()) == {"accounts", "entries", "promises"}
    assert [column["name"] for column in tables.get_columns("accounts")] == ["id", "balance"]
    assert balance(db) == 0


@every_begin
def test_a_rollback_to_a_savepoint_keeps_what_was_before_and_after(kit: Kit, tmp_path: Path, begin: Begin) -> None:
    db = bank(kit, tmp_path)
    with begin(db) as session:
        increase(session, by=1)
        undo(session.begin_nested(), lambda _: increase(session, by=10))
        increase(session, by=100)
    assert balance(db) == 101


@every_begin
def test_a_rollback_undoes_released_savepoints_too(kit: Kit, tmp_path: Path, begin: Begin) -> None:
    db = bank(kit, tmp_path)

    def work(session: Any) -> None:
        with session.begin_nested():
            increase(session)
            with session.begin_nested():
                increase(session)

    undo(begin(db), work)
    assert balance(db) == 0


def test_a_savepoint_as_the_first_statement_is_not_the_transaction(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path)
    with db.session_scope() as session:
        with session.begin_nested():
            increase(session)
        assert balance(db) == 0
    assert balance(db) == 1


@pytest.mark.parametrize("place", [bank, lambda kit, folder: memory(kit)], ids=["file", "memory"])
def test_a_commit_that_fails_leaves_nothing_to_the_next_user(kit: Kit, tmp_path: Path, place: Any) -> None:
    db = place(kit, tmp_path)

    def fail() -> None:
        with Session(db.engine) as session:  # close() alone does not roll back what COMMIT has left open
            session.execute(insert(promises).values(id=1, account_id=99))
            session.commit()

    refused(fail, "FOREIGN KEY constraint failed", exc.IntegrityError)
    with db.session_scope() as session:
        increase(session)
    assert (balance(db), rows(db, promises)) == (1, 0)


# --- What is switched on


@pytest.mark.parametrize("place", [bank, lambda kit, folder: memory(kit)], ids=["file", "memory"])
def test_foreign_keys_are_enforced_on_every_connection(kit: Kit, tmp_path: Path, place: Any) -> None:
    db = place(kit, tmp_path)

    def orphan(_: int = 0) -> None:
        with db.session_scope() as session:
            session.execute(insert(entries).values(account_id=99))

    for _ in range(2):
        refused(orphan, "FOREIGN KEY constraint failed", exc.IntegrityError)
        db.drop_tables(MetaData())  # switches them off for a moment
    with db.engine.connect() as one:
        assert one.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_each_connection_of_a_rush_enforces_foreign_keys(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path)
    gate, arrived = Gate(kit), list[int]()

    def look(_: int) -> Any:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            arrived.append(1)
            if len(arrived) == 4:
                gate.open()
            gate.wait()
            return connection.exec_driver_sql("PRAGMA foreign_keys").scalar()

    assert together(kit, look, range(4)) == [1, 1, 1, 1]


def test_files_have_a_write_ahead_log_and_memory_has_none(kit: Kit, tmp_path: Path) -> None:
    assert pragma(bank(kit, tmp_path), "journal_mode") == "wal"
    assert pragma(memory(kit), "journal_mode") == "memory"


# --- Many connect to a new file


def connect(url: Any) -> str:
    """The journal mode that a manager of its own finds."""
    with DatabaseManager(url) as db:
        return str(pragma(db, "journal_mode"))


def test_threads_that_open_a_new_file_together_all_get_in(kit: Kit, tmp_path: Path) -> None:
    def look(url: Any) -> str:
        manager = kit.manager(url)
        try:
            return str(pragma(manager, "journal_mode"))
        finally:
            manager.cleanup()

    for number in range(20):
        url = kit.url.set(database=str(tmp_path / f"{number}.db"))
        assert together(kit, look, [url] * 16) == ["wal"] * 16


OPENER = """
import sys
from concurrent.futures import ThreadPoolExecutor
from tests.test_sqlite_transactions import connect
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(4) as pool:
    for number in range(40):
        modes = list(pool.map(connect, [f"sqlite:///{sys.argv[1]}/{number}.db"] * 4))
        assert modes == ["wal"] * 4, modes
"""


@pytest.mark.drivers("pysqlite")
def test_processes_that_open_a_new_file_together_all_get_in(kit: Kit, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", OPENER, str(tmp_path)]
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin"}
    pipe = subprocess.PIPE
    openers = [
        subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True) for _ in range(3)
    ]
    for opener in openers:
        assert opener.stdout is not None
        assert opener.stdout.readline() == "ready\n"
    ends = together(kit, lambda opener: (opener.communicate("go\n", timeout=60), opener.returncode), openers)
    assert ends == [(("", ""), 0)] * 3


# --- AUTOCOMMIT


@pytest.mark.parametrize("place", [bank, lambda kit, folder, **o: memory(kit, **o)], ids=["file", "memory"])
def test_autocommit_for_the_whole_manager_commits_each_statement(kit: Kit, tmp_path: Path, place: Any) -> None:
    db = place(kit, tmp_path, isolation_level="AUTOCOMMIT")
    with sent(db.engine) as statements:
        undo(db.session_scope(), increase)
        undo(db.engine.begin(), increase)
        with db.session_scope() as session:
            increase(session)
    assert not [statement for statement in statements if statement.startswith("BEGIN")]
    assert balance(db) == 3


def test_autocommit_for_one_connection_commits_each_statement_and_ends_with_it(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path, pool=PoolConfig(size=1, max_overflow=0))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        increase(connection)
        assert balance(db) == 1
    undo(db.session_scope(), increase)
    with db.session_scope() as session:
        increase(session)
        assert balance(db) == 1
    assert balance(db) == 2


def test_a_transaction_inside_a_manager_with_autocommit_can_be_asked_for(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path, isolation_level="AUTOCOMMIT")
    serializable = db.engine.execution_options(isolation_level="SERIALIZABLE")
    with sent(serializable) as statements:
        undo(serializable.begin(), increase)
    assert statements[0] == "BEGIN IMMEDIATE"
    assert balance(db) == 0
    undo(db.engine.begin(), increase)
    assert balance(db) == 1


@pytest.mark.parametrize("name", ["isolation_level", "autocommit"])
@pytest.mark.parametrize("where", ["connect_args", "URL"])
def test_arguments_that_would_let_the_driver_send_begin_are_refused(kit: Kit, name: str, where: str) -> None:
    url = kit.url.update_query_dict({name: "IMMEDIATE"}) if where == "URL" else kit.url
    arguments = {"connect_args": {name: None}} if where == "connect_args" else {}
    expected = f"connect argument '{name}' is set by dalkit, which sends BEGIN itself; leave it out; for autocommit use"
    refused(lambda: kit.manager(url, **arguments), expected, ConfigurationError)


# --- Memory


def test_a_read_only_scope_in_memory_is_held_to_reading_by_sqlite_itself(kit: Kit) -> None:
    db = memory(kit)
    for read_only in (True, "snapshot"):
        with db.session_scope(read_only=read_only) as session:
            cursor = session.connection().connection.cursor()  # around all that dalkit looks at
            refused(lambda: cursor.execute("UPDATE accounts SET balance = 9"), "readonly", Exception)  # noqa: B023
            cursor.close()
        with db.session_scope() as session:
            increase(session)
    assert balance(db) == 2


def test_sessions_take_turns_on_the_one_connection_in_memory(kit: Kit) -> None:
    db = memory(kit)

    def write(number: int) -> None:
        if number % 2:
            undo(db.session_scope(), increase)
        else:
            with db.session_scope() as session:
                increase(session)
                pause(kit, 0.001)

    together(kit, write, range(20))
    assert balance(db) == 10


NAMES_OF_MEMORY = {
    "no name": "sqlite://",
    "empty name": "sqlite:///",
    ":memory:": "sqlite:///:memory:",
    "a URI": "sqlite:///file::memory:?uri=true",
    "shared": "sqlite:///file:shop?mode=memory&cache=shared&uri=true",
    "shared without a name": "sqlite:///file::memory:?cache=shared&uri=true",
    "the memdb VFS": "sqlite:///file:/shop?vfs=memdb&uri=true",
}


@pytest.mark.parametrize("url", NAMES_OF_MEMORY.values(), ids=NAMES_OF_MEMORY.keys())
def test_a_database_in_memory_is_known_by_each_of_its_names(kit: Kit, url: str) -> None:
    db = kit.manager(url.replace("sqlite:", f"{kit.driver.drivername}:"))
    assert db.pool_status()["writer"].capacity == 1
    opened(db)
    assert together(kit, lambda _: balance(db), range(4)) == [0] * 4
    assert pragma(db, "journal_mode") == "memory"


# --- Interrupts

SLOW = text("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 3000000) SELECT max(x) FROM c")


@pytest.mark.drivers("aiosqlite")
@pytest.mark.parametrize("place", [bank, lambda kit, folder: memory(kit)], ids=["file", "memory"])
def test_a_cancelled_task_frees_the_lock_and_loses_no_database(kit: Kit, tmp_path: Path, place: Any) -> None:
    db = place(kit, tmp_path)
    inside = Gate(kit)

    def work() -> None:
        with db.session_scope() as session:
            increase(session)
            inside.open()
            session.execute(SLOW)

    task = Aside(kit, work)
    inside.wait()
    pause(kit, 0.05)
    task.cancel()
    with pytest.raises(CancelledError):
        task.result()
    with db.session_scope() as session:
        increase(session, by=100)
    assert balance(db) == 100
    assert not db.pool_status()["writer"].checked_out


@pytest.mark.drivers("aiosqlite")
@pytest.mark.parametrize("times", [1, 2])
def test_a_task_that_is_cancelled_while_it_waits_for_the_lock_never_holds_it(
    kit: Kit, tmp_path: Path, times: int
) -> None:
    db = bank(kit, tmp_path)

    def work() -> None:
        with db.session_scope() as session:
            increase(session)

    with db.session_scope() as session:
        increase(session, by=100)
        task = Aside(kit, work)
        pause(kit, 0.1)
        for _ in range(times):
            task.cancel()
            pause(kit, 0.02)
    with pytest.raises(CancelledError):
        task.result()
    impatient = another(kit, db, sqlite_busy_timeout=1)
    with impatient.session_scope() as session:
        increase(session, by=1000)
    assert balance(db) == 1100


def test_an_interrupt_inside_a_statement_loses_no_database_in_memory(kit: Kit) -> None:
    db = memory(kit)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    def work() -> None:
        with db.session_scope() as session:
            increase(session)
            event.listen(db.engine, "do_execute", interrupt)
            session.execute(select(accounts))

    with pytest.raises(KeyboardInterrupt):
        work()
    event.remove(db.engine, "do_execute", interrupt)
    assert balance(db) == 0


# --- Plain SQLAlchemy


@pytest.mark.drivers("pysqlite")
def test_a_unit_of_work_and_a_plain_session_share_the_file_in_turns(kit: Kit, tmp_path: Path) -> None:
    db = bank(kit, tmp_path)

    def write(number: int) -> None:
        scope: Any = UnitOfWork(db) if number % 2 else sessionmaker(db.engine).begin()
        with scope as entered:
            increase(entered.session if number % 2 else entered)

    together(kit, write, range(8))
    assert balance(db) == 8
