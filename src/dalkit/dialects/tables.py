"""Drops tables, whatever refers to whatever."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, Engine, ForeignKeyConstraint, MetaData, exc, schema

from . import support_for

untyped: Any = schema


def drop_all(engine: Engine, metadata: MetaData) -> None:
    """Drops the tables of `metadata` that exist, with their rows."""
    support = support_for(engine.url)
    with support.dropping(engine) as connection:
        if _in_circles(metadata, engine.dialect):
            support.drop_together(connection, metadata.tables.values())
        metadata.drop_all(connection)


def _in_circles(metadata: MetaData, dialect: Dialect) -> bool:
    """Tells whether SQLAlchemy would find no order, because a foreign key in a circle cannot be dropped by its name."""

    def can_be_dropped_first(constraint: ForeignKeyConstraint) -> bool | None:
        return None if dialect.supports_alter and constraint.name is not None else False

    try:
        untyped.sort_tables_and_constraints(metadata.tables.values(), filter_fn=can_be_dropped_first)
    except exc.CircularDependencyError:
        return True
    return False
