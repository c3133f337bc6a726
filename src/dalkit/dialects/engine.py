"""From settings to the arguments of `create_engine`, for writers and for readers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool, Pool, QueuePool, StaticPool

from ..config import DatabaseConfig, PoolConfig
from . import support_for
from .base import READ_ONLY, DialectSupport
from .read_only import attach_read_guard


def engine_arguments(config: DatabaseConfig, *, reading: bool = False, asynchronous: bool = False) -> dict[str, Any]:
    """Returns the keyword arguments of `create_engine` or `create_async_engine`."""
    support = support_for(config.url)
    arguments: dict[str, Any] = {
        "connect_args": support.connect_args(config, reading=reading),
        "echo": config.echo,
        "hide_parameters": config.hide_parameters,
        **pool_arguments(settled_pool(config, reading=reading), asynchronous=asynchronous),
    }
    if support.resets_itself:
        arguments["pool_reset_on_return"] = None
    if reading:
        arguments |= reader_arguments(support)
    elif config.isolation_level is not None:
        arguments["isolation_level"] = config.isolation_level
    return arguments


def settled_pool(config: DatabaseConfig, *, reading: bool) -> PoolConfig:
    """Returns the pool settings with nothing left open that the pool needs.

    A reader does not ping unless told to: its session runs the first statement again on a dead connection.
    """
    support = support_for(config.url)
    if not reading:
        return support.pool(config.url, config.pool)
    pool = config.read_pool or replace(config.pool, pre_ping=False)
    return support.pool(config.url, replace(pool, pre_ping=bool(pool.pre_ping)))


def pool_arguments(pool: PoolConfig, *, asynchronous: bool) -> dict[str, Any]:
    """Returns what `create_engine` wants to know of the pool."""
    shared: dict[str, Any] = {
        "poolclass": _pool_class(pool, asynchronous=asynchronous),
        "pool_pre_ping": bool(pool.pre_ping),
        "pool_recycle": -1 if pool.recycle is None else pool.recycle,
    }
    if pool.kind != "QueuePool":
        return shared
    return shared | {
        "pool_size": pool.size,
        "max_overflow": pool.max_overflow,
        "pool_timeout": pool.timeout,
        "pool_use_lifo": bool(pool.use_lifo),
    }


def _pool_class(pool: PoolConfig, *, asynchronous: bool) -> type[Pool]:
    queue: type[Pool] = AsyncAdaptedQueuePool if asynchronous else QueuePool
    return {"QueuePool": queue, "NullPool": NullPool, "StaticPool": StaticPool}[pool.kind or "QueuePool"]


def reader_arguments(support: DialectSupport) -> dict[str, Any]:
    """Returns what makes a scope of n reads cost n round trips."""
    arguments: dict[str, Any] = {"execution_options": {READ_ONLY: "statement"}}
    if support.reader_isolation is not None:
        arguments["isolation_level"] = support.reader_isolation
    if support.skip_autocommit_rollback:
        arguments["skip_autocommit_rollback"] = True
    return arguments


def prepare_engine(engine: Engine, config: DatabaseConfig, *, reading: bool = False) -> None:
    """Attaches to a new engine what its database and its role need."""
    support = support_for(config.url)
    support.attach(engine, config, reading=reading)
    if reading or support.has_one_connection(config.url):
        attach_read_guard(engine)


def snapshot_engine(reader: Engine, config: DatabaseConfig) -> Engine:
    """Returns the readers' engine whose transactions see one snapshot; it shares the readers' pool."""
    engine = reader.execution_options(**{READ_ONLY: "snapshot"})
    support_for(config.url).attach_snapshot(engine, config)
    return engine
