"""The keywords that reading methods share, typed once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Literal, TypeAlias, TypedDict

from sqlalchemy import ColumnExpressionArgument
from sqlalchemy.orm import InstrumentedAttribute

from ..errors import InvalidArgumentError
from .loading import LoaderOptions

__all__ = ["Criterion", "ForUpdate", "KeyOptions", "OrderBy", "ReadOptions", "Values"]

Criterion: TypeAlias = ColumnExpressionArgument[bool]
"""A condition on rows, such as `User.active` or `User.age > 18`; never a Python bool."""

OrderBy: TypeAlias = ColumnExpressionArgument[Any] | Sequence[ColumnExpressionArgument[Any]]
"""One column expression or several, such as `User.name.desc().nulls_last()`."""

Values: TypeAlias = Mapping[str, Any] | Mapping[InstrumentedAttribute[Any], Any]
"""Values by attribute name (`{"age": 31}`) or by attribute (`{User.age: 31}`)."""


class ForUpdate(TypedDict, total=False):
    """How rows are locked: the arguments of SQLAlchemy's `with_for_update`."""

    nowait: bool
    read: bool
    skip_locked: bool
    key_share: bool
    of: Any


class KeyOptions(TypedDict, total=False):
    """Keywords of reads by key.

    Attributes:
        options: An option set of the repository, or loader options of SQLAlchemy.
        with_for_update: True, or SQLAlchemy's arguments of `with_for_update`: the rows stay locked until the
            transaction ends. SQLite has no row locks; there, a writer holds the whole database anyway.
    """

    options: LoaderOptions
    with_for_update: Literal[True] | ForUpdate


class ReadOptions(KeyOptions, total=False):
    """Keywords of reads by criteria: those of `KeyOptions`, and an order.

    Attributes:
        order_by: One column expression or several. `.nulls_first()` and `.nulls_last()` work on every database.
            Default: the repository's `default_order`.
    """

    order_by: OrderBy


def check_names(options: KeyOptions, known: frozenset[str]) -> None:
    """Refuses keywords that do not exist, which Python itself lets pass into a dictionary of keywords."""
    for name in options.keys() - known if options else ():
        nearest = next(iter(get_close_matches(name, sorted(known), n=1)), None)
        raise InvalidArgumentError(
            f"there is no option {name!r}", hint=f"did you mean {nearest!r}?" if nearest else None
        )


KEY_OPTIONS = KeyOptions.__optional_keys__
READ_OPTIONS = ReadOptions.__optional_keys__
