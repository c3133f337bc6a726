"""ORDER BY that means the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import UnaryExpression, inspect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Mapper, RelationshipProperty
from sqlalchemy.sql import operators

from ..errors import InvalidArgumentError
from .options import OrderBy

NULL_ORDERS = (operators.nulls_first_op, operators.nulls_last_op)


class NullsOrder(UnaryExpression[Any]):
    """`x NULLS FIRST` and `x NULLS LAST`, which MariaDB and MySQL do not have: there it is two sort keys."""

    inherit_cache = True


@compiles(NullsOrder)
def _standard(element: NullsOrder, compiler: Any, **options: Any) -> str:
    text: str = compiler.visit_unary(element, **options)
    return text


@compiles(NullsOrder, "mysql", "mariadb")
def _two_keys(element: NullsOrder, compiler: Any, **options: Any) -> str:
    key: Any = element.element
    column = key.element if isinstance(key, UnaryExpression) else key
    missing = "IS NOT NULL" if element.modifier is operators.nulls_first_op else "IS NULL"
    return f"{compiler.process(column, **options)} {missing}, {compiler.process(key, **options)}"


def order_expressions(order_by: OrderBy) -> list[Any]:
    """Returns the expressions of an order, each checked and fit for every database."""
    given = cast("Sequence[Any]", order_by) if isinstance(order_by, list | tuple) else [order_by]
    return [_portable(_checked(expression, position)) for position, expression in enumerate(given, start=1)]


def _checked(expression: Any, position: int) -> Any:
    if isinstance(getattr(expression, "property", None), RelationshipProperty):
        raise InvalidArgumentError(
            f"order_by {position} is the relationship {expression.key!r}", hint="order by one of its columns"
        )
    if not hasattr(expression, "__clause_element__") and not hasattr(expression, "self_group"):
        raise InvalidArgumentError(
            f"order_by {position} is a {type(expression).__name__}, not a column expression",
            hint="write User.name or User.name.desc().nulls_last()",
        )
    return expression


def _portable(expression: Any) -> Any:
    if getattr(expression, "modifier", None) in NULL_ORDERS:
        return NullsOrder(expression.element, modifier=expression.modifier)
    return expression


def key_columns(model: type[Any]) -> list[InstrumentedAttribute[Any]]:
    """Returns the primary key of `model` as attributes, in the mapper's order."""
    mapper: Mapper[Any] = inspect(model)
    return [getattr(model, mapper.get_property_by_column(column).key) for column in mapper.primary_key]


def missing_keys(order: Sequence[Any], keys: Sequence[Any]) -> list[Any]:
    """Returns the key columns that an order does not name yet."""
    named = [_column(expression) for expression in order]
    return [key for key in keys if not any(_column(key).compare(column) for column in named)]


def _column(expression: Any) -> Any:
    element = expression.__clause_element__() if hasattr(expression, "__clause_element__") else expression
    return _column(element.element) if isinstance(element, UnaryExpression) else element
