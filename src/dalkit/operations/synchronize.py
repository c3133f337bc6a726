"""Keeps loaded entities true after a statement that changed their rows behind the session's back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import set_committed_value

from ..query.ordering import key_columns
from .read import batches, key_in


def loaded_entities(session: Session, model: type[Any]) -> list[Any]:
    """Returns the entities of `model` that the session holds with values that may be out of date."""
    held: list[Any] = list(session.identity_map.values())
    return [each for each in held if isinstance(each, model) and not inspect(each).expired]


def refresh_columns(session: Session, mapper: Mapper[Any], entities: Sequence[Any]) -> None:
    """Reads the loaded columns of `entities` again, one SELECT for all; relationships stay as they are.

    It does not rely on evaluating criteria in Python, which differs from the database in collation and types.
    """
    model = mapper.class_
    by_key = {tuple(mapper.primary_key_from_instance(each)): each for each in entities}
    loaded: set[str] = {name for each in entities for name in inspect(each).dict}
    names = [attribute.key for attribute in mapper.column_attrs if attribute.key in loaded]
    keys = key_columns(model)
    columns = [getattr(model, name) for name in names]
    for batch in batches(list(by_key), len(keys)):
        statement = select(*keys, *columns).where(key_in(model, batch))
        for row in session.execute(statement, bind_arguments={"mapper": mapper}):
            _set(by_key[tuple(row[: len(keys)])], names, row[len(keys) :])


def _set(entity: Any, names: Sequence[str], values: Sequence[Any]) -> None:
    loaded = inspect(entity).dict
    for name, value in zip(names, values, strict=True):
        if name in loaded:
            set_committed_value(entity, name, value)
