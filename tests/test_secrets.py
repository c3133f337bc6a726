"""No password and no value of a parameter is shown: not in a repr, not in a log, not in an error.

The errors of drivers are left out where a database tells of values by itself: `Key (name)=(...) already exists` of
PostgreSQL, `Duplicate entry '...'` of MariaDB, which quotes the statement near a syntax error, too, with the values
that its drivers put in. SQLAlchemy hands those texts on; translating them is not the manager's work. What is logged
while they are raised counts here. So does every logger at DEBUG, with one thing to know: rows that a statement returns
are logged there by SQLAlchemy, by its design.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha1
from typing import Any

import pytest
from sqlalchemy import URL, bindparam, exc, insert, select, text

from dalkit import ConfigurationError, DalkitError, DatabaseConfig, PoolConfig
from tests.backends import ask, identity, kill, wait_until
from tests.drivers import Kit
from tests.seed_models.shop import Order, Tag, make_user
from tests.servers.process import free_port
from tests.words import words_of

PASSWORD = "Tr0ub4dor-and-3"
VALUE = "v4lue-0f-a-parameter"
ROLE = "dalkit_locked"
servers = pytest.mark.drivers("postgresql", "mariadb")


class Records(logging.Handler):
    """Keeps all that is logged, as text, with the tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.setFormatter(logging.Formatter("%(name)s %(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Formats at once: what is logged may change later."""
        self.lines.append(self.format(record))


def loggers() -> list[logging.Logger]:
    known = logging.Logger.manager.loggerDict.values()
    return [logging.getLogger(), *(each for each in known if isinstance(each, logging.Logger))]


@pytest.fixture
def logged() -> Iterator[Records]:
    """All that any logger says at any level."""
    handler, before = Records(), [(each, each.level, each.disabled, list(each.handlers)) for each in loggers()]
    for each, *_ in before:
        each.setLevel(logging.DEBUG)
        each.disabled = False
    logging.getLogger().addHandler(handler)
    yield handler
    for each, level, disabled, handlers in before:
        each.setLevel(level)
        each.disabled, each.handlers[:] = disabled, handlers


class Said(list[str]):
    """What was shown to whoever looked."""

    def show(self, *things: Any) -> None:
        """Notes repr and text of things."""
        self.extend(shown(thing) for thing in things for shown in (repr, str))

    def fails(
        self, work: Callable[[], object], error: type[Exception] | tuple[type[Exception], ...] = Exception
    ) -> Any:
        """Calls what must fail, and notes all that the error says."""
        with pytest.raises(error) as caught:
            work()
        self.append(words_of(caught.value))
        return caught.value


@pytest.fixture
def said(logged: Records) -> Iterator[Said]:
    """Collects what is shown; at the end, no secret may be in it, nor in a log."""
    found = Said()
    yield found
    assert found, "the test has shown nothing"
    shown, lines = "\n".join(found), "\n".join(logged.lines)
    for secret in (PASSWORD, VALUE):
        assert secret not in shown
        assert secret not in lines


def with_password(kit: Kit, **parts: Any) -> URL:
    return kit.url.set(username=kit.url.username or "shop", password=PASSWORD, **parts)


def talk(db: Any) -> None:
    """Sends a statement with a value."""
    with db.session_scope() as session:
        session.execute(select(bindparam("value", VALUE)).where(text("1 = 0")))


def show_all(said: Said, db: Any) -> None:
    """Shows everything of a manager that has a repr."""
    said.show(db, db.config, db.config.url, db.config.pool, db.engine, db.engine.url, db.engine.pool, db.sessionmaker)
    said.show(db.read_engine, db.pool_status(), db.health(), db.scoped, db.engine.dialect, vars(db.engine.pool))
    with db.session_scope() as session, db.engine.connect() as connection:
        said.show(session, session.get_bind(), connection)


@contextmanager
def locked_role(kit: Kit, server: Any) -> Iterator[None]:
    """A role whose password is none that a test knows, on a server that asks for it."""
    right = secrets.token_hex(8)
    if kit.backend == "mariadb":
        ask(kit, f"CREATE OR REPLACE USER {ROLE}@'%%' IDENTIFIED BY '{right}'")
    else:
        ask(kit, f"DROP ROLE IF EXISTS {ROLE}")
        ask(kit, f"CREATE ROLE {ROLE} LOGIN PASSWORD '{right}'")
        rules = server.data / "pg_hba.conf"
        before = rules.read_text()
        rules.write_text(f"host all {ROLE} 127.0.0.1/32 scram-sha-256\n{before}")
        ask(kit, "SELECT pg_reload_conf()")
        wait_until(lambda: not may_enter(kit))
    yield
    if kit.backend == "postgresql":
        rules.write_text(before)
    ask(kit, {"mariadb": f"DROP USER {ROLE}@'%%'", "postgresql": f"DROP ROLE {ROLE}"}[kit.backend])


def may_enter(kit: Kit) -> bool:
    try:
        ask(kit, "SELECT 1", kit.url.set(username=ROLE, password="wrong"))
    except exc.OperationalError:
        return False
    return True


# --- Passwords


@servers
@pytest.mark.parametrize("where", ["url", "environment", "connect_args"])
def test_a_password_is_shown_by_nothing_while_all_goes_well(kit: Kit, said: Said, where: str) -> None:
    with accepting(kit) as url:
        db = kit.manager(config_with_password(url, where), echo=True)
        show_all(said, db)
        talk(db)
        db.cleanup()
    said.show(db, db.config)


@contextmanager
def accepting(kit: Kit) -> Iterator[URL]:
    """Where the password of these tests is the right one. PostgreSQL is told to trust everybody, and takes any."""
    if kit.backend == "postgresql":
        yield kit.url
        return
    name = "dalkit_open"
    digest = sha1(sha1(PASSWORD.encode()).digest()).hexdigest()  # what MariaDB keeps of a password
    ask(kit, f"CREATE OR REPLACE USER {name}@'%%' IDENTIFIED BY PASSWORD '*{digest}'")
    ask(kit, f"GRANT ALL ON *.* TO {name}@'%%'")
    yield kit.url.set(username=name)
    ask(kit, f"DROP USER {name}@'%%'")


def config_with_password(url: URL, where: str) -> DatabaseConfig:
    plain = URL.create(url.drivername, url.username, None, url.host, url.port, url.database)
    if where == "environment":
        text = plain.render_as_string(hide_password=False)
        return DatabaseConfig.from_env(environ={"DATABASE_URL": text, "DATABASE_PASSWORD": PASSWORD})
    if where == "connect_args":
        return DatabaseConfig.from_url(plain, connect_args={"password": PASSWORD})
    return DatabaseConfig.from_url(plain.set(password=PASSWORD))


@servers
@pytest.mark.parametrize("where", ["url", "environment", "connect_args"])
def test_a_refused_connection_shows_no_password(kit: Kit, said: Said, where: str) -> None:
    url = kit.url.set(host="127.0.0.1", port=free_port())
    db = kit.manager(config_with_password(url, where), echo=True)
    said.fails(lambda: talk(db))
    said.show(db.health())


@servers
def test_a_host_that_there_is_not_shows_no_password(kit: Kit, said: Said) -> None:
    db = kit.manager(with_password(kit, host="nowhere.invalid"), echo=True)
    said.fails(lambda: talk(db))


@servers
@pytest.mark.parametrize("where", ["url", "environment", "connect_args"])
def test_a_wrong_password_is_not_shown(kit: Kit, said: Said, where: str, request: pytest.FixtureRequest) -> None:
    with locked_role(kit, request.getfixturevalue(kit.backend)):
        db = kit.manager(config_with_password(kit.url.set(username=ROLE), where), echo=True)
        error = said.fails(lambda: talk(db))
        said.show(db.health())
        db.cleanup()
    assert ROLE in words_of(error)  # it was the password that was refused


@servers
def test_an_unknown_database_shows_no_password(kit: Kit, said: Said) -> None:
    with accepting(kit) as url:
        db = kit.manager(url.set(password=PASSWORD, database="dalkit_nowhere"), echo=True)
        said.fails(lambda: talk(db))


@servers
def test_a_connection_that_dies_shows_no_password_and_no_values(kit: Kit, said: Said) -> None:
    def die(db: Any) -> None:
        with db.session_scope() as session:
            kill(kit, identity(session))
            session.execute(select(bindparam("value", VALUE)))

    with accepting(kit) as url:
        db = kit.manager(url.set(password=PASSWORD), echo=True, pool=PoolConfig(pre_ping=True))
        for _ in range(2):
            said.fails(lambda: die(db))
        with db.session_scope() as session:
            number = identity(session)
        kill(kit, number)
        talk(db)
        db.cleanup()


@servers
def test_arguments_that_a_driver_does_not_know_show_no_password(kit: Kit, said: Said) -> None:
    db = kit.manager(kit.url, connect_args={"pasword": PASSWORD}, echo=True)
    said.fails(lambda: talk(db))
    said.show(db, db.config)


@pytest.mark.drivers("sqlite")
def test_a_password_that_sqlite_has_no_use_for_is_not_shown(kit: Kit, said: Said) -> None:
    said.fails(lambda: talk(kit.manager(kit.url.set(username="u", password=PASSWORD, host="h"))))
    said.fails(lambda: talk(kit.manager(kit.url, connect_args={"password": PASSWORD})))


def test_settings_that_are_refused_show_no_password(kit: Kit, said: Said) -> None:
    url = with_password(kit, host="h", database="d")
    text = url.render_as_string(hide_password=False)
    for bad in (
        f"{text}?password={PASSWORD}",
        text.replace("://", ":/"),
        text.replace("@", "@@"),
        f"{text}@x",
        "x" + text,
    ):
        said.fails(lambda: kit.manager(bad), ConfigurationError)  # noqa: B023
    said.fails(lambda: kit.manager(url, ecko=PASSWORD), ConfigurationError)
    said.fails(lambda: kit.manager(url, pool=PoolConfig(kind="NullPool", size=3)), ConfigurationError)
    said.fails(lambda: kit.manager(url, sqlite_busy_timeout=-1), ConfigurationError)


# --- Values of parameters

FAILING: dict[str, Any] = {
    "a table that there is not": text("INSERT INTO no_such_table (name) VALUES (:value)"),
    "a column that there is not": text("SELECT no_such_column FROM shop_tags WHERE name = :value"),
    "no SQL": text("SELEKT :value"),
    "several rows": text("INSERT INTO no_such_table (name) VALUES (:value)"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_statement_that_fails_shows_no_values(kit: Kit, db: Any, said: Said, name: str) -> None:
    manager = kit.manager(echo=True)
    parameters: Any = [{"value": VALUE}, {"value": f"{VALUE}-2"}] if name == "several rows" else {"value": VALUE}

    def fail() -> None:
        with manager.session_scope() as session:
            session.execute(FAILING[name], parameters)

    if (kit.backend, name) == ("mariadb", "no SQL"):  # here the database tells, and only the log counts
        said.show(name)
        with pytest.raises(exc.DBAPIError):
            fail()
    else:
        assert "hidden due to hide_parameters" in str(said.fails(fail, exc.DBAPIError))


def test_nothing_is_logged_of_values_while_all_goes_well_or_is_refused_by_the_database(
    kit: Kit, db: Any, said: Said
) -> None:
    manager = kit.manager(echo=True)
    with manager.session_scope() as session:
        session.execute(insert(Tag), [{"name": VALUE}, {"name": f"{VALUE}-2"}])
        session.add(Tag(name=f"{VALUE}-3"))
        with session.begin_nested():
            session.add(Tag(name=f"{VALUE}-4"))
    with manager.session_scope(read_only=True) as session:
        said.show(session.scalar(select(Tag.id).where(Tag.name == VALUE)) is not None)

    def collide() -> None:
        with manager.session_scope() as session:
            session.add(Tag(name=VALUE))

    with pytest.raises(exc.IntegrityError):
        collide()


OWN_ERRORS: dict[str, Callable[[Any], object]] = {
    "no such row": lambda tags: tags.one(Tag.name == VALUE),
    "several rows": lambda tags: tags.one(Tag.name != VALUE),
    "an unknown field": lambda tags: tags.update(1, {"nmae": VALUE}),
    "an unknown row": lambda tags: tags.update(99, {"name": VALUE}),
    "an unbounded write": lambda tags: tags.update_where(values={"name": VALUE}),
    "a naive time": lambda tags: tags.session.execute(insert(Order).values(placed_at=datetime(2020, 1, 1))),
}


@pytest.mark.parametrize("name", OWN_ERRORS)
def test_errors_of_dalkit_show_no_values(kit: Kit, db: Any, said: Said, name: str) -> None:
    manager = kit.manager(echo=True)

    def fail() -> None:
        with manager.session_scope() as session:
            session.add_all([Tag(name="one"), Tag(name="two")])
            session.flush()
            OWN_ERRORS[name](kit.repository(Tag, session))

    error = said.fails(fail, (DalkitError, exc.StatementError))
    assert isinstance(getattr(error, "orig", None) or error, DalkitError)


def test_a_read_only_scope_that_refuses_to_write_shows_no_values(kit: Kit, db: Any, said: Said) -> None:
    manager = kit.manager(echo=True)

    def leave_changed() -> None:
        with manager.session_scope(read_only=True) as session:
            session.add(make_user(VALUE))

    def write() -> None:
        with manager.session_scope(read_only=True) as session:
            session.execute(insert(Tag).values(name=VALUE))

    said.fails(leave_changed, DalkitError)
    said.fails(write, DalkitError)


def test_the_parameters_are_shown_to_those_who_ask(kit: Kit, db: Any, logged: Records) -> None:
    manager = kit.manager(echo=True, hide_parameters=False)
    talk(manager)
    assert VALUE in "\n".join(logged.lines)
