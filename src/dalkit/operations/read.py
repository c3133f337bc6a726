"""Reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, ScalarResult, Select, inspect, tuple_
from sqlalchemy.orm import Session

from ..errors import InvalidArgumentError, MultipleFoundError, NotFoundError, ReadOnlySessionError
from ..query.definition import Definition
from ..query.options import KEY_OPTIONS, READ_OPTIONS, Criterion, KeyOptions, ReadOptions, check_names
from ..query.ordering import key_columns
from ..query.pages import check_number
from ..query.statements import Statements

M = TypeVar("M")
IdT = TypeVar("IdT")

PARAMETERS_A_STATEMENT = 10_000
"""The most parameters of one IN: SQLite takes 32,766, asyncpg 32,767."""


def get(session: Session, definition: Definition[M, IdT], key: IdT, options: KeyOptions) -> M | None:
    """Returns the entity with a key, or None."""
    check_names(options, KEY_OPTIONS)
    statements = Statements(definition)
    parts = statements.key.values(key)
    known: M | None = None if options else remembered(session, statements, parts)
    if known is not None:
        return known
    parameters = dict(zip(statements.key.parameters, parts, strict=True))
    found: list[M] = rows(session, statements.by_key(options), locking(session, options), parameters)
    return found[0] if found else None


def get_one(session: Session, definition: Definition[M, IdT], key: IdT, options: KeyOptions) -> M:
    """Returns the entity with a key, or raises."""
    found = get(session, definition, key, options)
    if found is None:
        raise not_found(definition.model, "no row with this key")
    return found


def get_many(session: Session, definition: Definition[M, IdT], keys: Sequence[IdT], options: KeyOptions) -> list[M]:
    """Returns the entities with keys: in the order of the keys, duplicates kept, missing ones left out."""
    check_names(options, KEY_OPTIONS)
    statements = Statements(definition)
    if isinstance(keys, str):
        raise InvalidArgumentError("keys must be a sequence of keys, got a str", hint="write get_many(['a', 'b'])")
    wanted = [statements.key.values(key) for key in keys]
    found: dict[tuple[Any, ...], M] = {}
    if not options:
        found = {key: known for key in wanted if (known := remembered(session, statements, key)) is not None}
    missing = [key for key in dict.fromkeys(wanted) if key not in found]
    for batch in batches(missing, len(statements.mapper.primary_key)):
        statement = statements.unordered(key_in(statements.model, batch), options)
        for entity in rows(session, statement, locking(session, options)):
            found[tuple(statements.mapper.primary_key_from_instance(entity))] = entity
    return [found[key] for key in wanted if key in found]


def one(session: Session, definition: Definition[M, Any], where: Sequence[Criterion], options: ReadOptions) -> M:
    """Returns the only entity that `where` admits, or raises."""
    found = one_or_none(session, definition, where, options)
    if found is None:
        raise not_found(definition.model, "no row answers to the criteria")
    return found


def one_or_none(
    session: Session, definition: Definition[M, Any], where: Sequence[Criterion], options: ReadOptions
) -> M | None:
    """Returns the only entity that `where` admits, or None; raises if there are more."""
    found: list[M] = selected(session, Statements(definition), where, options, limit=2)
    if len(found) > 1:
        name = definition.model.__name__
        raise MultipleFoundError(f"{name}: more than one row answers to the criteria", model=name)
    return found[0] if found else None


def first(
    session: Session, definition: Definition[M, Any], where: Sequence[Criterion], options: ReadOptions
) -> M | None:
    """Returns the first entity in order, or None; ties are broken by the key."""
    found: list[M] = selected(session, Statements(definition), where, options, complete=True, limit=1)
    return found[0] if found else None


def find(
    session: Session,
    definition: Definition[M, Any],
    where: Sequence[Criterion],
    options: ReadOptions,
    *,
    limit: int | None = None,
) -> list[M]:
    """Returns all entities that `where` admits, or the first `limit` of them."""
    check_number("limit", limit or 0, least=0)
    return selected(session, Statements(definition), where, options, complete=limit is not None, limit=limit)


def count(session: Session, definition: Definition[Any, Any], where: Sequence[Criterion]) -> int:
    """Returns how many rows `find` with the same criteria gives."""
    statements = Statements(definition)
    found = session.scalar(statements.counting(where), bind_arguments={"mapper": statements.mapper})
    return int(found or 0)


def exists(session: Session, definition: Definition[Any, Any], where: Sequence[Criterion]) -> bool:
    """Tells whether any row answers to `where`."""
    statements = Statements(definition)
    return bool(session.scalar(statements.existing(where), bind_arguments={"mapper": statements.mapper}))


def selected(
    session: Session,
    statements: Statements,
    where: Sequence[Criterion],
    options: ReadOptions,
    *,
    complete: bool = False,
    **bounds: int | None,
) -> list[Any]:
    """Runs the SELECT of a definition, with the bounds `limit` and `offset` that are not None."""
    check_names(options, READ_OPTIONS)
    parameters = {f"dalkit_{name}": bound for name, bound in bounds.items() if bound is not None}
    statement = statements.selecting(where, options, complete=complete, bounds=[*bounds] if parameters else ())
    return rows(session, statement, locking(session, options), parameters)


def rows(
    session: Session,
    statement: Select[Any],
    execution_options: dict[str, Any],
    parameters: dict[str, Any] | None = None,
) -> list[Any]:
    """Runs a SELECT of entities and returns them. Rows that a joined eager load doubles count once."""
    return fetched(session.scalars(statement, parameters or {}, execution_options=execution_options))


def fetched(result: ScalarResult[Any]) -> list[Any]:
    """Fetches all entities of a result; it is made unique where SQLAlchemy would demand it, and only there."""
    if getattr(result, "_unique_filter_state", None) is not None:
        return list(result.unique().all())
    return list(result.all())


def locking(session: Session, options: KeyOptions) -> dict[str, Any]:
    """A lock is taken to see what is there now, so entities that were loaded before are read again."""
    if "with_for_update" not in options:
        return {}
    if getattr(session, "read_only", False):
        raise ReadOnlySessionError("a read-only scope was asked for a row lock", hint="use a scope without read_only")
    return {"populate_existing": True}


def remembered(session: Session, statements: Statements, key: tuple[Any, ...]) -> Any | None:
    """Returns the entity that the session has under a key, if it certainly is what a SELECT would give."""
    known = session.identity_map.get(statements.mapper.identity_key_from_primary_key(key))
    if known is None or not statements.is_plain or not isinstance(known, statements.model):
        return None
    state = inspect(known)
    if state.expired or known in session.deleted or not statements.scope.surely_admits(known):
        return None
    return None if statements.scope.options else known


def key_in(model: type[Any], keys: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    """Returns the criterion that the key is one of `keys`."""
    columns = key_columns(model)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


def batches(keys: Sequence[tuple[Any, ...]], width: int) -> list[Sequence[tuple[Any, ...]]]:
    """Cuts keys of `width` columns into pieces that every driver takes in one statement."""
    size = PARAMETERS_A_STATEMENT // width
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def not_found(model: type[Any], why: str) -> NotFoundError:
    """Builds the error for a row that is not there."""
    return NotFoundError(f"{model.__name__}: {why}", model=model.__name__)
