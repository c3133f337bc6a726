"""The statements of a repository; what does not change from call to call is built once per class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeVar, cast

from sqlalchemy import Integer, Select, bindparam, func, inspect, select
from sqlalchemy.orm import Mapper

from ..errors import InvalidArgumentError
from .criteria import checked
from .definition import Definition
from .loading import OptionSet, with_options
from .options import Criterion, ForUpdate, KeyOptions, OrderBy, ReadOptions
from .ordering import key_columns, missing_keys, order_expressions
from .scope import Scope

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
        """Returns the SELECT of one row by its key, whose parts are the parameters that `key_names` names."""
        return self._finish(self._with_loading("get", self._kept("get", self._build_by_key), options), options)

    def _build_by_key(self) -> Select[Any]:
        columns = self.key_columns()
        parts = [column == bindparam(name) for column, name in zip(columns, key_names(len(columns)), strict=True)]
        return self.base().where(*parts)

    def key_columns(self) -> list[Any]:
        """Returns the primary key as attributes, in the mapper's order."""
        return self._kept("key", lambda: key_columns(self.model))

    def counting(self, where: Sequence[Criterion]) -> Select[Any]:
        """Returns the SELECT of the number of rows that `matching(where)` gives."""
        keys = self.keys_of(where)
        if self.is_plain:
            return keys.with_only_columns(func.count(), maintain_column_froms=True)
        return select(func.count()).select_from(keys.subquery()).options(*self.scope.options)

    def existing(self, where: Sequence[Criterion]) -> Select[Any]:
        """Returns the SELECT of whether `selecting(where)` gives any row."""
        return select(self.keys_of(where).exists()).options(*self.scope.options)

    def keys_of(self, where: Sequence[Criterion]) -> Select[Any]:
        """Returns the SELECT of the keys of the rows that `where` admits, without order."""
        statement: Any = self.base().where(*checked(where), *self.scope.criteria).options(*self.scope.options)
        keys: Select[Any] = statement.with_only_columns(*self.key_columns(), maintain_column_froms=True)
        return keys.order_by(None)

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


def key_names(count: int) -> list[str]:
    """Returns the names of the parameters that hold a key."""
    return [f"dalkit_key_{position}" for position in range(count)]


def _is_given(order_by: object) -> bool:
    if order_by is None:
        raise InvalidArgumentError("order_by is None", hint="leave it out for the default order")
    return not isinstance(order_by, list | tuple) or len(cast("Sequence[Any]", order_by)) > 0
