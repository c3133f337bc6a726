"""What tests ask of a server behind the back of the manager that they test."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL, NullPool, create_engine

from tests.drivers import Kit

PATIENCE = 20.0
SYNCHRONOUS = {"postgresql": "postgresql+psycopg", "mariadb": "mariadb+pymysql", "sqlite": "sqlite+pysqlite"}
WHO_AM_I = {"postgresql": "SELECT pg_backend_pid()", "mariadb": "SELECT connection_id()"}
KILL = {"postgresql": "SELECT pg_terminate_backend({})", "mariadb": "KILL {}"}
ALIVE = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE pid = {}",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE id = {}",
}
CONNECTIONS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}'",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = '{}'",
}
ELSEWHERE = {"postgresql": "postgres", "mariadb": "mysql"}


def ask(kit: Kit, statement: str, url: URL | None = None) -> Any:
    """Runs one statement on a connection of its own, and returns its first value."""
    engine = create_engine(
        (url or kit.url).set(drivername=SYNCHRONOUS[kit.backend]), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        result = connection.exec_driver_sql(statement)
        return result.scalar() if result.returns_rows else None


def identity(session: Any) -> int:
    """The number under which the server knows a session's connection."""
    bind = session.get_bind() if hasattr(session, "get_bind") else session
    return int(session.connection().exec_driver_sql(WHO_AM_I[backend_of(bind.dialect.name)]).scalar())


def backend_of(dialect: str) -> str:
    return "mariadb" if dialect == "mysql" else dialect


def kill(kit: Kit, number: int) -> None:
    """Ends a connection on the server, and waits until it is gone."""
    ask(kit, KILL[kit.backend].format(number))
    wait_until(lambda: not ask(kit, ALIVE[kit.backend].format(number)))


def connections(kit: Kit, database: str) -> int:
    """How many connections to a database the server has."""
    elsewhere = kit.url.set(database=ELSEWHERE[kit.backend])
    return int(ask(kit, CONNECTIONS[kit.backend].format(database), elsewhere))


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits for what must come."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
