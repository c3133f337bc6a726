"""The statements of a repository; what does not change from call to call is built once per class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, inspect, select, update
from sqlalchemy.orm import Mapper
from sqlalchemy.sql.dml import ReturningUpdate

from ..errors import InvalidArgumentError
from .criteria import checked
from .definition import Definition
from .keys import KeyShape
from .loading import OptionSet, with_options
from .options import Criterion, ForUpdate, KeyOptions, OrderBy, ReadOptions, Values
from .ordering import key_columns, missing_keys, order_expressions
from .scope import Scope
from .values import named_values, writable_names

Kept = TypeVar("Kept")


class Statements:
    """The statements of one definition: what does not change from call to call is built once per class.

    A statement that is used again is twice as fast to execute as an equal one that is built again.
    """

    def __init__(self, definition: Definition[Any, Any]) -> None:
        self.definition = definition
        self.model: type[Any] = definition.model
        self.scope = Scope(self.model, definition.scope())

    @property
    def mapper(self) -> Mapper[Any]:
        """The mapper of the model."""
        mapper: Mapper[Any] = inspect(self.model)
        return mapper

    @property
    def key(self) -> KeyShape:
        """What a key of the model is made of."""
        return self._kept("shape", lambda: KeyShape(self.model))

    def named(self, values: Values, *, what: str = "values") -> dict[str, Any]:
        """Returns `values` by attribute name. A name that the model cannot write raises, and names the nearest."""
        writable = self._kept("writable", lambda: writable_names(self.model))
        return named_values(self.model, values, writable, what=what)

    @property
    def is_plain(self) -> bool:
        """Whether every row of the model belongs to the repository."""
        own = cast("Any", type(self.definition)).base_select.__func__
        return own is cast("Any", Definition).base_select.__func__

    def base(self) -> Select[Any]:
        """Returns the SELECT of the definition, without scope."""
        return self._kept("base", self._build_base)

    def _build_base(self) -> Select[Any]:
        return select(self.model) if self.is_plain else self.definition.base_select()

    def selecting(
        self, where: Sequence[Criterion], options: ReadOptions, *, complete: bool = False, bounds: Sequence[str] = ()
    ) -> Select[Any]:
        """Returns the SELECT of the rows that `where` admits, ordered as `options` or the definition say.

        With `complete`, the primary key ends the order. `bounds` are "limit" and "offset": parameters of these names.
        """
        build = partial(self._build_ordered, options, complete, bounds)
        key = ("find", complete, *bounds)
        statement = build() if "order_by" in options else self._kept(key, build)
        statement = self._with_loading(key, statement, options)
        if where:
            statement = statement.where(*checked(where))
        return self._finish(statement, options)

    def _build_ordered(self, options: ReadOptions, complete: bool, bounds: Sequence[str]) -> Select[Any]:
        order = self.order(options)
        order += missing_keys(order, self.key_columns()) if complete else []
        statement = self.base().order_by(None).order_by(*order) if order else self.base()
        if "limit" in bounds:
            statement = statement.limit(bindparam("dalkit_limit", type_=Integer))
        return statement.offset(bindparam("dalkit_offset", type_=Integer)) if "offset" in bounds else statement

    def unordered(self, criterion: Criterion, options: KeyOptions) -> Select[Any]:
        """Returns the SELECT of the rows that `criterion` admits, in no order."""
        return self._finish(self._with_loading("unordered", self.base(), options).where(criterion), options)

    def by_key(self, options: KeyOptions) -> Select[Any]:
        """Returns the SELECT of one row by its key, whose parts are the parameters that `key` names."""
        return self._finish(self._with_loading("get", self._kept("get", self._build_by_key), options), options)

    def _build_by_key(self) -> Select[Any]:
        return self.base().where(*self._key_parts())

    def _key_parts(self) -> list[ColumnElement[bool]]:
        return [column == bindparam(name) for column, name in zip(self.key_columns(), self.key.parameters, strict=True)]

    def updating(self, names: tuple[str, ...]) -> ReturningUpdate[Any]:
        """Returns the UPDATE of one row by its key, with the parameters that `value_parameter` names, RETURNING all."""
        statement = self._kept(("update", names), partial(self._build_update, names))
        return statement.where(*self.scope.criteria) if self.scope.criteria else statement

    def _build_update(self, names: tuple[str, ...]) -> ReturningUpdate[Any]:
        columns = {name: getattr(self.model, name) for name in names}
        values = {column: bindparam(value_parameter(name), type_=column.type) for name, column in columns.items()}
        return update(self.model).where(*self._key_parts()).values(values).returning(self.model)

    def key_columns(self) -> list[Any]:
        """Returns the primary key as attributes, in the mapper's order."""
        return self._kept("key", lambda: key_columns(self.model))

    def counting(self, where: Sequence[Criterion]) -> Select[Any]:
        """Returns the SELECT of the number of rows that `matching(where)` gives."""
        if self.is_plain:
            return self._restricted(self._kept("count", self._build_count), where)
        return select(func.count()).select_from(self.keys_of(where).subquery()).options(*self.scope.options)

    def existing(self, where: Sequence[Criterion]) -> Select[Any]:
        """Returns the SELECT of whether `selecting(where)` gives any row."""
        statement = select(self.keys_of(where).exists())
        return statement.options(*self.scope.options) if self.scope.options else statement

    def keys_of(self, where: Sequence[Criterion]) -> Select[Any]:
        """Returns the SELECT of the keys of the rows that `where` admits, without order."""
        return self._restricted(self._kept("keys", self._build_keys), where)

    def _build_keys(self) -> Select[Any]:
        base: Any = self.base()
        keys: Select[Any] = base.with_only_columns(*self.key_columns(), maintain_column_froms=True)
        return keys.order_by(None)

    def _build_count(self) -> Select[Any]:
        return self.base().with_only_columns(func.count(), maintain_column_froms=True)

    def _restricted(self, statement: Select[Any], where: Sequence[Criterion]) -> Select[Any]:
        criteria = [*checked(where), *self.scope.criteria]
        statement = statement.where(*criteria) if criteria else statement
        return statement.options(*self.scope.options) if self.scope.options else statement

    def order(self, options: ReadOptions) -> list[Any]:
        """Returns the order that `options` or else the definition ask for."""
        given: OrderBy = options.get("order_by", ())
        return order_expressions(given if _is_given(given) else tuple(self.definition.default_order()))

    def _with_loading(self, key: Any, statement: Select[Any], options: KeyOptions) -> Select[Any]:
        loading = options.get("options")
        if isinstance(loading, OptionSet) and loading.name and "order_by" not in options:
            return self._kept((key, loading), partial(with_options, statement, loading))
        return with_options(statement, loading)

    def _finish(self, statement: Select[Any], options: KeyOptions) -> Select[Any]:
        if self.scope:
            statement = statement.where(*self.scope.criteria).options(*self.scope.options)
        lock = options.get("with_for_update")
        return statement if lock is None else statement.with_for_update(**self._lock_arguments(lock))

    def _lock_arguments(self, lock: Literal[True] | ForUpdate) -> dict[str, Any]:
        """Locks the entity's own tables unless told otherwise: PostgreSQL cannot lock what an outer join may miss."""
        own = {"of": list(self.mapper.tables)}
        return own if lock is True else {**own, **lock}

    def _kept(self, key: Any, build: Callable[[], Kept]) -> Kept:
        kept = type(self.definition).__dalkit_statements__
        found: Kept | None = kept.get((self.model, key))
        if found is None:
            found = kept[self.model, key] = build()
        return found


def value_parameter(name: str) -> str:
    """Returns the name of the parameter that holds the new value of an attribute."""
    return f"dalkit_value_{name}"


def _is_given(order_by: object) -> bool:
    if order_by is None:
        raise InvalidArgumentError("order_by is None", hint="leave it out for the default order")
    return not isinstance(order_by, list | tuple) or len(cast("Sequence[Any]", order_by)) > 0
