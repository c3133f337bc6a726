"""Mistakes with managers and settings."""

from __future__ import annotations

from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from dalkit import DatabaseConfig, DatabaseManager, PoolConfig
from dalkit.aio import AsyncDatabaseManager
from tests.typing.must_pass.models import User


def settings(url: URL, config: DatabaseConfig) -> None:
    DatabaseManager()  # no URL
    DatabaseManager(url=url)  # positional only
    DatabaseManager("sqlite://", True)  # a keyword
    DatabaseManager("sqlite://", ecoh=True)  # a misspelt option
    DatabaseManager("sqlite://", echo="yes")  # a bool
    DatabaseManager("sqlite://", pool=5)  # a PoolConfig
    DatabaseManager("sqlite://", session_class=Session)  # a session that is not dalkit's
    AsyncDatabaseManager("sqlite://", isolation="SERIALIZABLE")  # a misspelt option
    DatabaseConfig(url="sqlite://")  # a URL object
    DatabaseConfig.from_url("sqlite://", ecoh=True)  # a misspelt option
    PoolConfig(5)  # a keyword
    PoolConfig(size="5")  # a number
    PoolConfig(kind="QueuePol")  # a misspelt kind
    PoolConfig(max_size=5)  # a misspelt setting
    config.echo = True  # is frozen


def tables(db: DatabaseManager, engine: Engine, user: User) -> None:
    db.create_tables()  # of what?
    db.create_tables("users")  # a name
    db.create_tables(engine)  # an engine
    db.create_tables(user)  # an entity
    db.create_tables(int)  # no models
    db.drop_tables([User])  # a list


def sessions(db: DatabaseManager) -> None:
    db.session_scope(read_only="snapshoot")  # a misspelt mode
    db.open_session(True)  # a keyword
    db.open_session(readonly=True)  # a misspelt keyword
    db.sesion_scope()  # a misspelt method
    with db.session_scope() as session:
        session.comit()  # a misspelt method
    db.health().ok  # a list
    db.pool_status()["writer"].size  # a misspelt attribute
    db.max_connections + 1  # None for no limit
    db.engine = db.read_engine  # is given


async def async_ones(db: AsyncDatabaseManager) -> None:
    await db.create_tables("users")  # a name
    db.open_session(read_only="snapshoot")  # a misspelt mode
    (await db.health()).ok  # a list
