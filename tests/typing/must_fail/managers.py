"""Mistakes with managers and settings."""

from __future__ import annotations

from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from dalkit import DatabaseConfig, DatabaseManager, PoolConfig
from dalkit.aio import AsyncDatabaseManager
from tests.typing.must_pass.models import User


def settings(url: URL, config: DatabaseConfig) -> None:
    DatabaseManager()  # no URL # mypy: call-arg; pyright: reportCallIssue
    DatabaseManager(url=url)  # positional only # mypy: call-arg; pyright: reportCallIssue
    DatabaseManager("sqlite://", True)  # a keyword # mypy: call-arg; pyright: reportCallIssue
    DatabaseManager("sqlite://", ecoh=True)  # a misspelt option # mypy: call-arg; pyright: reportCallIssue
    DatabaseManager("sqlite://", echo="yes")  # a bool # mypy: arg-type; pyright: reportArgumentType
    DatabaseManager("sqlite://", pool=5)  # a PoolConfig # mypy: arg-type; pyright: reportArgumentType
    DatabaseManager("sqlite://", session_class=Session)  # not dalkit's # mypy: arg-type; pyright: reportArgumentType
    AsyncDatabaseManager("sqlite://", isolation="SERIAL")  # misspelt # mypy: call-arg; pyright: reportCallIssue
    DatabaseConfig(url="sqlite://")  # a URL object # mypy: arg-type; pyright: reportArgumentType
    DatabaseConfig.from_url("sqlite://", ecoh=True)  # a misspelt option # mypy: call-arg; pyright: reportCallIssue
    PoolConfig(5)  # a keyword # mypy: call-arg; pyright: reportCallIssue
    PoolConfig(size="5")  # a number # mypy: arg-type; pyright: reportArgumentType
    PoolConfig(kind="QueuePol")  # a misspelt kind # mypy: arg-type; pyright: reportArgumentType
    PoolConfig(max_size=5)  # a misspelt setting # mypy: call-arg; pyright: reportCallIssue
    config.echo = True  # is frozen # mypy: misc; pyright: reportAttributeAccessIssue


def tables(db: DatabaseManager, engine: Engine, user: User) -> None:
    db.create_tables()  # of what? # mypy: call-arg; pyright: reportCallIssue
    db.create_tables("users")  # a name # mypy: arg-type; pyright: reportArgumentType
    db.create_tables(engine)  # an engine # mypy: arg-type; pyright: reportArgumentType
    db.create_tables(user)  # an entity # mypy: arg-type; pyright: reportArgumentType
    db.create_tables(int)  # no models # mypy: arg-type; pyright: reportArgumentType
    db.drop_tables([User])  # a list # mypy: arg-type; pyright: reportArgumentType


def sessions(db: DatabaseManager) -> None:
    db.session_scope(read_only="snapshoot")  # a misspelt mode # mypy: arg-type; pyright: reportArgumentType
    db.open_session(True)  # a keyword # mypy: call-arg; pyright: reportCallIssue
    db.open_session(readonly=True)  # a misspelt keyword # mypy: call-arg; pyright: reportCallIssue
    db.sesion_scope()  # a misspelt method # mypy: attr-defined; pyright: reportAttributeAccessIssue
    with db.session_scope() as session:
        session.comit()  # a misspelt method # mypy: attr-defined; pyright: reportAttributeAccessIssue
    db.health().ok  # a list # mypy: attr-defined; pyright: reportAttributeAccessIssue
    db.pool_status()["writer"].size  # a misspelt attribute # mypy: attr-defined; pyright: reportAttributeAccessIssue
    db.max_connections + 1  # None for no limit # mypy: operator; pyright: reportOptionalOperand
    db.engine = db.read_engine  # is given # mypy: misc; pyright: reportAttributeAccessIssue


async def async_ones(db: AsyncDatabaseManager) -> None:
    await db.create_tables("users")  # a name # mypy: arg-type; pyright: reportArgumentType
    db.open_session(read_only="snapshoot")  # a misspelt mode # mypy: arg-type; pyright: reportArgumentType
    (await db.health()).ok  # a list # mypy: attr-defined; pyright: reportAttributeAccessIssue
