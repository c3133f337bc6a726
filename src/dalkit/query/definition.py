"""The pure half of a repository: which model, which rows, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar, cast

import typing_extensions
from sqlalchemy import ColumnExpressionArgument, Select, inspect, select
from sqlalchemy.exc import NoInspectionAvailable

from ..errors import ConfigurationError
from .generics import alias_arguments, resolved, type_arguments
from .scope import ScopeTerm

__all__ = ["Definition"]

M = TypeVar("M")
IdT = typing_extensions.TypeVar("IdT", default=Any)


class ModelOf:
    """Tells the model on the class and on the instance: `Users.model` and `users.model` are `type[User]`."""

    def __get__(self, instance: object, owner: type[Definition[M, Any]]) -> type[M]:
        alias = getattr(instance, "__orig_class__", None)
        found = alias_arguments(alias, Definition) if alias is not None else type_arguments(owner, Definition)
        model = resolved(found[0], owner) if found else None
        if model is None:
            raise ConfigurationError(
                f"{owner.__name__} does not say which model it is for",
                hint=f"write class Users({owner.__name__}[User]) or {owner.__name__}[User](session)",
            )
        _check_mapped(model, owner)
        if alias is None:
            owner.model = model
        return cast("type[M]", model)


class Definition(Generic[M, IdT]):
    """What a repository is about, without I/O: the half that sync and async repositories share.

    Put your own extension points into a class derived from `Definition[User]`, and both `Repository[User]` and
    `AsyncRepository[User]` can inherit it:

        class ActiveUsers(Definition[User]): ...
        class Users(ActiveUsers, Repository[User]): ...
        class AsyncUsers(ActiveUsers, AsyncRepository[User]): ...

    `base_select`, `default_order` and option sets belong to the class and are asked **once**: what they return is kept.
    What belongs to an instance, such as a tenant, is `scope()`, which is asked on every call.

    Attributes:
        model: The mapped class, on the class and on instances.
        max_page_size: The largest `size` that `paginate` takes.
    """

    model = ModelOf()
    max_page_size: ClassVar[int] = 1000
    __dalkit_statements__: ClassVar[dict[Any, Any]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__dalkit_statements__ = {}

    @classmethod
    def base_select(cls) -> Select[Any]:
        """Returns the SELECT of the entities that this repository is about. Default: all of the model.

        Override it to narrow (`select(User).where(User.active)`) or to join. It must select the model and nothing else.
        Rows that a join doubles are doubled in results and totals: add `.distinct()`, or use `any()` and `has()`.
        """
        return select(cls.model)

    @classmethod
    def default_order(cls) -> Sequence[ColumnExpressionArgument[Any]]:
        """Returns the order of results for which no `order_by` is given. Default: none, the database's choice."""
        return ()

    def scope(self) -> Sequence[ScopeTerm]:
        """Returns criteria that hold for every call on this instance, such as `(Order.tenant_id == self.tenant,)`.

        They are added to every read, update and delete, and are checked when an entity is answered from the session's
        memory. Criteria of the form `attribute == value` are also put on new entities, and values that contradict them
        raise [OutOfScopeError][dalkit.errors.OutOfScopeError]. SQLAlchemy's `with_loader_criteria` is allowed too, to
        reach related entities; give it a lambda or function that closes over the value. SQLAlchemy 2.0 does not bring
        it into `any()` and `has()`; 2.1 does.
        """
        return ()


def _check_mapped(model: object, owner: type) -> None:
    try:
        inspect(model)
    except NoInspectionAvailable:
        name = getattr(model, "__name__", repr(model))
        raise ConfigurationError(f"{owner.__name__} is for {name}, which is no mapped class") from None
