"""Checks on WHERE criteria, before they reach a statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from sqlalchemy import BindParameter, BooleanClauseList, ColumnClause, ColumnElement, False_, TextClause, True_
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import Grouping
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.selectable import FromClause

from ..errors import InvalidArgumentError
from .options import Criterion

COMPARISONS = frozenset({operators.eq, operators.ne, operators.lt, operators.le, operators.gt, operators.ge})
VARIABLE = (ColumnClause, TextClause, FunctionElement, FromClause)
"""What can differ from row to row, or from call to call."""

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
    """Tells whether criteria leave every row in: none, constants that are not false, `x = x`, `x NOT IN ()`, OR of one.

    Text is taken for a criterion, since only the database can read it.
    """
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
    if _names_nothing(element):
        return not _is_false(element)
    return _is_tautology(element)


def _names_nothing(element: Any) -> bool:
    """Tells whether an expression is made of values alone, so that it is the same for every row."""
    return not any(isinstance(part, VARIABLE) for part in visitors.iterate(element))


def _is_false(element: Any) -> bool:
    if isinstance(element, BindParameter):
        return not _value(element)
    left, right = getattr(element, "left", None), getattr(element, "right", None)
    if isinstance(left, BindParameter) and isinstance(right, BindParameter) and element.operator in COMPARISONS:
        return not element.operator(_value(left), _value(right))
    return False


def _is_tautology(element: Any) -> bool:
    """Recognises `x = x`, and `x NOT IN ()`, which is what a list that happens to be empty makes of a filter."""
    operator, left, right = (getattr(element, name, None) for name in ("operator", "left", "right"))
    if operator is operators.not_in_op:
        return isinstance(right, BindParameter) and not _value(right)
    return operator is operators.eq and left is not None and left.compare(right)


def _value(parameter: Any) -> Any:
    return parameter.effective_value
