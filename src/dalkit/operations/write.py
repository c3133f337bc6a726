"""Writes of one entity, and of all rows that answer to criteria. Nothing here commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import ClauseElement, CursorResult, Delete, Integer, Update, inspect, select, tuple_
from sqlalchemy import delete as delete_statement
from sqlalchemy import exc as sa_exc
from sqlalchemy import update as update_statement
from sqlalchemy.orm import InstanceState, Mapper, Session

from ..errors import InvalidArgumentError, UnboundedWriteError
from ..query.criteria import checked, is_constantly_true
from ..query.definition import Definition
from ..query.options import Criterion, KeyOptions, ReadOptions, Values
from ..query.ordering import key_columns
from ..query.statements import Statements, value_parameter
from . import hierarchy
from .read import fetched, get_one, key_in, not_found, one_or_none, remembered
from .synchronize import loaded_entities, refresh_columns

M = TypeVar("M")
IdT = TypeVar("IdT")
T = TypeVar("T", Update, Delete)


def add(session: Session, definition: Definition[M, Any], entity: M) -> M:
    """Puts a new entity into the session and returns it."""
    return add_all(session, definition, [entity])[0]


def add_all(session: Session, definition: Definition[M, Any], entities: Iterable[M]) -> list[M]:
    """Puts new entities into the session and returns them; if one is refused, none is added."""
    statements = Statements(definition)
    added = list(entities)
    for position, entity in enumerate(added, start=1):
        if not isinstance(entity, statements.model):
            expected, came = statements.model.__name__, type(entity).__name__
            raise InvalidArgumentError(f"entity {position} must be a {expected}, got {came}")
    for entity in added:
        statements.scope.admit_new(entity)
    session.add_all(added)
    return added


def update(session: Session, definition: Definition[M, IdT], target: M | IdT, values: Values) -> M:
    """Changes one entity, given itself or by its key, and returns it."""
    statements = Statements(definition)
    named = statements.named(values)
    statements.scope.admit_values(named)
    if isinstance(target, statements.model):
        _check_attached(session, target)
        return _set(session, _admitted(session, statements, cast("M", target)), named)
    key = statements.key.values(target)
    if (known := remembered(session, statements, key)) is not None:
        return _set(session, cast("M", known), named)
    if named and updates_in_one_statement(session, statements, named):
        return cast("M", _update_returning(session, statements, key, named))
    return _set(session, get_one(session, definition, cast("IdT", target), KeyOptions()), named)


def _check_attached(session: Session, entity: object) -> None:
    if entity not in session:
        raise InvalidArgumentError(
            f"the {type(entity).__name__} is not in the repository's session, so nothing would be written",
            hint="give its key, or add it first",
        )


def _set(session: Session, entity: M, values: dict[str, Any]) -> M:
    for name, value in values.items():
        setattr(entity, name, value)
    computed = [name for name, value in values.items() if is_expression(value)]
    if computed and entity in session and inspect(cast("Any", entity)).persistent:
        session.flush()
        session.refresh(entity, computed)  # else the attribute would be read when it is touched, which await forbids
    return entity


def is_expression(value: object) -> bool:
    """Tells whether the database computes a value."""
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def updates_in_one_statement(session: Session, statements: Statements, values: dict[str, Any]) -> bool:
    """Tells whether UPDATE .. RETURNING does all that setting the attributes of a loaded entity would do."""
    mapper = statements.mapper
    return (
        statements.is_plain
        and not statements.scope.options
        and session.get_bind(mapper).dialect.update_returning
        and len(mapper.tables) == 1
        and mapper.polymorphic_on is None
        and mapper.version_id_col is None
        and not has_update_hooks(mapper)
        and all(is_free_column(mapper, name) for name in values)
    )


def has_update_hooks(mapper: Mapper[Any]) -> bool:
    """Tells whether somebody listens to the updates of single entities."""
    dispatch: Any = mapper.dispatch
    return bool(dispatch.before_update or dispatch.after_update)


def is_free_column(mapper: Mapper[Any], name: str) -> bool:
    """Tells whether an attribute is a column that no key, validator or listener looks at."""
    if name not in mapper.column_attrs or name in mapper.validators:
        return False
    if mapper.column_attrs[name].columns[0] in mapper.primary_key:
        return False
    return not getattr(mapper.class_, name).dispatch.set


def _update_returning(session: Session, statements: Statements, key: tuple[Any, ...], values: dict[str, Any]) -> Any:
    computed = {name for name, value in values.items() if is_expression(value)}
    statement = statements.updating(tuple(name for name in values if name not in computed))
    if computed:
        statement = statement.values({getattr(statements.model, name): values[name] for name in computed})
    parameters = dict(zip(statements.key.parameters, key, strict=True))
    parameters |= {value_parameter(name): value for name, value in values.items() if name not in computed}
    options = {"synchronize_session": False, "populate_existing": True}
    updated = fetched(session.scalars(statement, parameters, execution_options=options))
    if not updated:
        raise not_found(statements.model, "no row with this key")
    return updated[0]


def delete(session: Session, definition: Definition[M, IdT], target: M | IdT) -> None:
    """Marks one entity, given itself or by its key, for deletion."""
    statements = Statements(definition)
    if isinstance(target, statements.model):
        session.delete(_admitted(session, statements, target))
    else:
        session.delete(get_one(session, definition, cast("IdT", target), KeyOptions()))


def _admitted(session: Session, statements: Statements, entity: M) -> M:
    """Returns an entity if the repository may write it; asks the database where what is loaded does not tell."""
    scope = statements.scope
    if not scope or (not scope.options and scope.surely_admits(entity)):
        return entity
    state: InstanceState[Any] = inspect(cast("Any", entity))
    if state.identity is None:
        raise statements.scope.refusal("the entity is outside the repository's scope")
    criterion = key_in(statements.model, [tuple(state.identity)])
    if session.scalar(statements.counting([criterion]), bind_arguments={"mapper": statements.mapper}):
        return entity
    raise statements.scope.refusal("the entity is outside the repository's scope")


def get_or_create(
    session: Session, definition: Definition[M, Any], values: Values, defaults: Values | None
) -> tuple[M, bool]:
    """Returns the entity with these values, and whether it was made now."""
    statements = Statements(definition)
    model = definition.model
    named = statements.named(values)
    rest = statements.named(defaults or {}, what="defaults")
    where = _equal_to(model, named)
    found = one_or_none(session, definition, where, ReadOptions())
    if found is not None:
        return found, False
    try:
        with session.begin_nested():
            entity = add(session, definition, model(**named, **rest))
            session.flush()
    except sa_exc.IntegrityError:
        # Another transaction was faster. A locking read sees its row in every isolation level that has one.
        found = one_or_none(session, definition, where, ReadOptions(with_for_update={"read": True}))
        if found is None:
            raise
        return found, False
    return entity, True


def _equal_to(model: type[Any], values: dict[str, Any]) -> list[Any]:
    if not values:
        raise InvalidArgumentError("values is empty", hint="name at least one attribute to look the entity up by")
    for name, value in values.items():
        if value is None:
            raise InvalidArgumentError(
                f"{name} is None, and no unique constraint holds for NULL", hint="put it into defaults"
            )
    return [getattr(model, name) == value for name, value in values.items()]


def update_where(
    session: Session, definition: Definition[Any, Any], where: Sequence[Criterion], values: Values, everything: bool
) -> int:
    """Updates all rows that answer to `where`, and the loaded entities among them; returns how many rows matched."""
    statements = Statements(definition)
    changes = _bulk_values(statements, values)
    check_bounded("update_where", where, everything)
    session.flush()
    if len(statements.mapper.tables) > 1:
        matched = hierarchy.update_rows(session, statements, where, changes)
    else:
        matched = _execute(session, statements, _restricted(update_statement, statements, where).values(changes))
    refresh_columns(session, statements.mapper, loaded_entities(session, statements.model))
    return matched


def delete_where(
    session: Session, definition: Definition[Any, Any], where: Sequence[Criterion], everything: bool
) -> int:
    """Deletes all rows that answer to `where`, in the database alone; returns how many."""
    statements = Statements(definition)
    check_bounded("delete_where", where, everything)
    session.flush()
    if len(hierarchy.tables_of(statements.mapper)) > 1:
        return hierarchy.delete_rows(session, statements, where)
    statement = _restricted(delete_statement, statements, where)
    return _execute(session, statements, statement, fetch=bool(loaded_entities(session, statements.model)))


def check_bounded(method: str, where: Sequence[Criterion], everything: bool) -> None:
    """Refuses a statement that would hit every row by accident."""
    if not everything and is_constantly_true(checked(where)):
        raise UnboundedWriteError(
            f"{method} has no criterion that leaves any row out", hint="give one, or everything=True for all rows"
        )


def _bulk_values(statements: Statements, values: Values) -> dict[Any, Any]:
    """Returns values by attribute, with the version counted up where the model has one."""
    named = statements.named(values)
    if not named:
        raise InvalidArgumentError("values is empty", hint="name at least one attribute")
    statements.scope.admit_values(named)
    for name in named:
        if name in statements.mapper.relationships:
            raise InvalidArgumentError(f"{name} is a relationship", hint="give its foreign key column")
    changes = {getattr(statements.model, name): value for name, value in named.items()}
    return changes | _next_version(statements, named)


def _next_version(statements: Statements, named: dict[str, Any]) -> dict[Any, Any]:
    column = statements.mapper.version_id_col
    if column is None or not isinstance(column.type, Integer):
        return {}
    name = statements.mapper.get_property_by_column(column).key
    version = getattr(statements.model, name)
    return {} if name in named else {version: version + 1}


def _restricted(verb: Callable[[type[Any]], T], statements: Statements, where: Sequence[Criterion]) -> T:
    """Returns an UPDATE or DELETE of the rows that the repository's SELECT with `where` gives."""
    statement: T = verb(statements.model).options(*statements.scope.options)
    if statements.is_plain:
        return statement.where(*checked(where), *statements.scope.criteria)
    keys = select(statements.keys_of(where).subquery())
    return statement.where(tuple_(*key_columns(statements.model)).in_(keys))


def _execute(session: Session, statements: Statements, statement: Update | Delete, *, fetch: bool = False) -> int:
    result = session.execute(
        statement,
        execution_options={"synchronize_session": "fetch" if fetch else False},
        bind_arguments={"mapper": statements.mapper},
    )
    assert isinstance(result, CursorResult)
    return result.rowcount
