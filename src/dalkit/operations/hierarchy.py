"""UPDATE and DELETE with criteria where one row lies in several tables (joined inheritance).

One statement cannot say it: `UPDATE child .. FROM parent` without a join hits every row of the child, and a DELETE
leaves the parent's part behind. So the keys are selected (and locked) first, then each table is written by key. See
https://docs.sqlalchemy.org/en/21/orm/queryguide/dml.html#update-delete-with-custom-where-criteria-for-joined-table-inheritance
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, tuple_, update
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.sql.ddl import sort_tables

from ..errors import InvalidArgumentError
from ..query.options import Criterion
from ..query.statements import Statements
from .read import batches
from .synchronize import loaded_entities

Key = tuple[Any, ...]


def tables_of(mapper: Mapper[Any]) -> list[Table]:
    """Returns the tables over which rows of a mapper and its subclasses spread, parents first."""
    tables = {table for each in mapper.self_and_descendants for table in each.tables}
    found: list[Table] = [table for table in tables if isinstance(table, Table)]
    return [table for table in sort_tables(found) if table in tables]


def update_rows(session: Session, statements: Statements, where: Sequence[Criterion], changes: dict[Any, Any]) -> int:
    """Updates rows table by table; returns how many matched."""
    by_table: dict[Table, dict[Column[Any], Any]] = {}
    for attribute, value in changes.items():
        column = _column(statements.mapper, attribute.key)
        by_table.setdefault(column.table, {})[column] = value
    keys = _matching_keys(session, statements, where)
    for table, values in by_table.items():
        for batch in batches(keys, len(statements.mapper.primary_key)):
            statement = update(table).where(_keys_in(statements.mapper, table, batch)).values(values)
            session.execute(statement, bind_arguments={"mapper": statements.mapper})
    return len(keys)


def delete_rows(session: Session, statements: Statements, where: Sequence[Criterion]) -> int:
    """Deletes rows table by table, children first; loaded entities among them leave the session."""
    keys = _matching_keys(session, statements, where)
    for table in reversed(tables_of(statements.mapper)):
        for batch in batches(keys, len(statements.mapper.primary_key)):
            statement = delete(table).where(_keys_in(statements.mapper, table, batch))
            session.execute(statement, bind_arguments={"mapper": statements.mapper})
    deleted = set(keys)
    for entity in loaded_entities(session, statements.model):
        if tuple(statements.mapper.primary_key_from_instance(entity)) in deleted:
            session.expunge(entity)
    return len(keys)


def _matching_keys(session: Session, statements: Statements, where: Sequence[Criterion]) -> list[Key]:
    statement = statements.keys_of(where).with_for_update(of=list(statements.mapper.tables))
    found = session.execute(statement, bind_arguments={"mapper": statements.mapper})
    return list(dict.fromkeys(tuple(row) for row in found))


def _column(mapper: Mapper[Any], name: str) -> Any:
    if name not in mapper.column_attrs:
        raise InvalidArgumentError(f"{name} is no column", hint="with joined inheritance, give columns only")
    return mapper.column_attrs[name].columns[-1]


def _keys_in(mapper: Mapper[Any], table: Table, keys: Sequence[Key]) -> ColumnElement[bool]:
    columns = _keys_of(mapper, table)
    if len(columns) == 1:
        return columns[0].in_([key[0] for key in keys])
    return tuple_(*columns).in_(keys)


def _keys_of(mapper: Mapper[Any], table: Table) -> list[Column[Any]]:
    """Returns the key of one table of a hierarchy in the mapper's order."""
    owner = next(each for each in mapper.self_and_descendants if table in each.tables)
    same = {
        column: candidate
        for column in mapper.primary_key
        for candidate in owner.get_property_by_column(column).columns
        if candidate.table is table
    }
    complete = len(same) == len(mapper.primary_key)
    return [same[column] for column in mapper.primary_key] if complete else list(table.primary_key)
