"""Managers, sessions and settings."""

from __future__ import annotations

from typing import assert_type

from sqlalchemy import URL, Engine, MetaData, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_scoped_session, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass, scoped_session, sessionmaker

from dalkit import Base, DatabaseConfig, DatabaseManager, EngineHealth, PoolConfig, PoolStatus, Session
from dalkit.aio import AsyncDatabaseManager

from .models import User


class OtherBase(DeclarativeBase):
    """A base that is not dalkit's."""

    metadata = MetaData()


class DataclassBase(MappedAsDataclass, DeclarativeBase):
    """Models that are dataclasses."""


class OwnSession(Session):
    """A session of the application's."""


def settings(url: URL) -> None:
    pool = PoolConfig(size=10, timeout=5, pre_ping=False)
    assert_type(DatabaseConfig.from_url("sqlite://", echo=True, pool=pool), DatabaseConfig)
    assert_type(DatabaseConfig.from_url(url, connect_args={"timeout": 3}), DatabaseConfig)
    assert_type(DatabaseConfig.from_env(), DatabaseConfig)
    DatabaseConfig(url=url, read_pool=PoolConfig(kind="NullPool"), isolation_level="SERIALIZABLE")
    DatabaseManager("sqlite://", echo=True, pool=pool, hide_parameters=False, sqlite_busy_timeout=3)
    DatabaseManager(url, session_class=OwnSession)
    DatabaseManager(DatabaseConfig(url=url), isolation_level=None)
    AsyncDatabaseManager(url, read_pool=pool, session_class=OwnSession)


def a_manager(db: DatabaseManager) -> None:
    db.create_tables(Base)
    db.create_tables(OtherBase)
    db.create_tables(DataclassBase)
    db.create_tables(MetaData())
    db.drop_tables(Base.metadata)
    assert_type(db.engine, Engine)
    assert_type(db.read_engine, Engine)
    assert_type(db.sessionmaker, sessionmaker[Session])
    assert_type(db.scoped, scoped_session[Session])
    assert_type(db.open_session(read_only=True), Session)
    assert_type(db.health(), list[EngineHealth])
    assert_type(db.pool_status(), dict[str, PoolStatus])
    assert_type(db.max_connections, int | None)
    with db.session_scope(read_only="snapshot") as session:
        assert_type(session, Session)
        assert_type(session.scalars(select(User)).first(), User | None)
    with DatabaseManager("sqlite://") as other:
        assert_type(other, DatabaseManager)


async def an_async_manager(db: AsyncDatabaseManager) -> None:
    await db.create_tables(Base)
    await db.create_tables(OtherBase)
    await db.create_tables(MetaData())
    await db.drop_tables(DataclassBase)
    assert_type(db.engine, AsyncEngine)
    assert_type(db.read_engine, AsyncEngine)
    assert_type(db.sessionmaker, async_sessionmaker[AsyncSession])
    assert_type(db.scoped, async_scoped_session[AsyncSession])
    assert_type(db.open_session(read_only=True), AsyncSession)
    assert_type(await db.health(), list[EngineHealth])
    assert_type(db.pool_status(), dict[str, PoolStatus])
    assert_type(db.max_connections, int | None)
    async with db.session_scope(read_only="snapshot") as session:
        assert_type(session, AsyncSession)
        assert_type((await session.scalars(select(User))).first(), User | None)
    async with AsyncDatabaseManager("sqlite://") as other:
        assert_type(other, AsyncDatabaseManager)
    await db.cleanup()
