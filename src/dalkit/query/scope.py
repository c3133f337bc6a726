"""What a repository's `scope()` admits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, inspect
from sqlalchemy.orm import InstanceState, Mapper
from sqlalchemy.sql import operators
from sqlalchemy.sql.base import ExecutableOption

from ..errors import OutOfScopeError
from .criteria import checked, conjuncts
from .options import Criterion

__all__ = ["ScopeTerm"]

ScopeTerm: TypeAlias = Criterion | ExecutableOption
"""What a `scope()` is made of: criteria, and SQLAlchemy's `with_loader_criteria`."""


class Scope:
    """The criteria and the loader criteria of one repository, at the moment of a call."""

    __slots__ = ("criteria", "model", "options")

    def __init__(self, model: type[Any], terms: Sequence[ScopeTerm]) -> None:
        self.model = model
        self.options: list[ExecutableOption] = []
        self.criteria: Sequence[Criterion] = ()
        if terms:
            self.options = [term for term in terms if isinstance(term, ExecutableOption)]
            self.criteria = checked([term for term in terms if not isinstance(term, ExecutableOption)])

    def __bool__(self) -> bool:
        return bool(self.criteria or self.options)

    def equalities(self) -> tuple[dict[str, Any], bool]:
        """Returns the criteria of the form `attribute == value`, by name, and whether that is all of them."""
        mapper: Mapper[Any] = inspect(self.model)
        found: dict[str, Any] = {}
        parts = list(conjuncts(self.criteria))
        for part in parts:
            name = _compared_attribute(part, mapper)
            if name is not None:
                found[name] = part.right.effective_value
        return found, len(found) == len(parts)

    def surely_admits(self, entity: Any) -> bool:
        """Tells whether what is loaded of `entity` proves that it is inside; False means that the database must say."""
        expected, complete = self.equalities()
        loaded = inspect(entity).dict
        missing = object()
        return complete and all(_same(loaded.get(name, missing), value) for name, value in expected.items())

    def admit_values(self, values: Mapping[str, Any]) -> None:
        """Refuses values that would move an entity out of the scope."""
        for name, expected in self.equalities()[0].items():
            if name in values and not _same(values[name], expected):
                raise self.refusal(f"{name} would leave the repository's scope")

    def admit_new(self, entity: Any) -> None:
        """Puts a new entity into the scope: fills what it leaves open, refuses what differs."""
        state: InstanceState[Any] = inspect(entity)
        for name, expected in self.equalities()[0].items():
            if state.dict.get(name) is None:
                setattr(entity, name, expected)
            elif not _same(state.dict[name], expected):
                raise self.refusal(f"{name} of the new entity is outside the repository's scope")

    def refusal(self, message: str) -> OutOfScopeError:
        """Builds the error for something outside."""
        return OutOfScopeError(f"{self.model.__name__}: {message}", model=self.model.__name__)


def _compared_attribute(part: Any, mapper: Mapper[Any]) -> str | None:
    """Returns the attribute of the model that `part` compares with a value by `==`."""
    if getattr(part, "operator", None) is not operators.eq or not isinstance(part.right, BindParameter):
        return None
    annotations = getattr(part.left, "_annotations", {})
    owner = annotations.get("parententity")
    if owner is not None:
        return annotations.get("proxy_key") if owner.is_mapper and mapper.isa(owner) else None
    return next((each.key for each in mapper.column_attrs if each.columns[0] is part.left), None)


def _same(value: object, expected: object) -> bool:
    return type(value) is type(expected) and value == expected
