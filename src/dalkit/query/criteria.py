"""Checks on WHERE criteria, before they reach a statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from sqlalchemy import BindParameter, BooleanClauseList, ColumnElement, False_, True_
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import Grouping

from ..errors import InvalidArgumentError
from .options import Criterion

HINT = "write User.name == 'x', and col(User.name) == 'x' or table.c.name == 'x' for SQLModel and imperative classes"


def checked(where: Sequence[Criterion]) -> Sequence[Criterion]:
    """Refuses what is no column expression, above all a comparison that Python has already answered."""
    for position, criterion in enumerate(where, start=1):
        _check(position, criterion)
    return where


def _check(position: int, criterion: object) -> None:
    if isinstance(criterion, bool | str) or criterion is None:
        raise InvalidArgumentError(
            f"criterion {position} is a {type(criterion).__name__}, not a column expression", hint=HINT
        )
    if not hasattr(criterion, "__clause_element__") and not hasattr(criterion, "self_group"):
        raise InvalidArgumentError(f"criterion {position} is a {type(criterion).__name__}", hint=HINT)


def is_constantly_true(where: Iterable[Any]) -> bool:
    """Tells whether criteria leave every row in: none, `true()`, `literal(True)`, `literal(1) == 1`, or OR with one."""
    return all(_always_true(criterion) for criterion in where)


def conjuncts(criteria: Iterable[Any]) -> Iterator[ColumnElement[Any]]:
    """Yields the parts that are joined by AND."""
    for criterion in criteria:
        element = _ungrouped(criterion.__clause_element__() if hasattr(criterion, "__clause_element__") else criterion)
        if isinstance(element, BooleanClauseList) and element.operator is operators.and_:
            yield from conjuncts(element.clauses)
        else:
            yield element


def _ungrouped(element: Any) -> Any:
    return _ungrouped(cast("Any", element).element) if isinstance(element, Grouping) else element


def _always_true(element: Any) -> bool:
    element = _ungrouped(element)
    if getattr(element, "operator", None) is operators.is_true:  # what or_() makes of true()
        return _always_true(element.element)
    if isinstance(element, True_):
        return True
    if isinstance(element, False_):
        return False
    if isinstance(element, BooleanClauseList):
        decide = any if element.operator is operators.or_ else all
        return decide(_always_true(each) for each in element.clauses)
    return _is_truthy_constant(element)


def _is_truthy_constant(element: Any) -> bool:
    if isinstance(element, BindParameter):
        return bool(_value(element))
    left, right = getattr(element, "left", None), getattr(element, "right", None)
    if isinstance(left, BindParameter) and isinstance(right, BindParameter):
        return bool(element.operator(_value(left), _value(right)))
    same = left is not None and right is not None and left.compare(right)
    return same and getattr(element, "operator", None) is operators.eq


def _value(parameter: Any) -> Any:
    return parameter.value
