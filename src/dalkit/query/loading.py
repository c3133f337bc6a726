"""Named sets of loader options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

from sqlalchemy import Select
from sqlalchemy.sql.base import ExecutableOption

from ..errors import InvalidArgumentError

__all__ = ["LoaderOptions", "OptionSet"]


class OptionSet:
    """Loader options under a name, built on first use, so that a repository can name them before all models exist.

    Example:
        `card = OptionSet(lambda: (selectinload(User.orders),))` in the body of a repository, then
        `users.find(options=UserRepository.card)`.

    Args:
        build: Returns one or more of SQLAlchemy's
            [loader options](https://docs.sqlalchemy.org/en/21/orm/queryguide/relationships.html). It is called once.
    """

    name: str | None = None

    def __init__(self, build: Callable[[], Sequence[ExecutableOption]]) -> None:
        self._build = build

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @cached_property
    def options(self) -> tuple[ExecutableOption, ...]:
        """The options themselves, for use with a statement of your own."""
        return tuple(self._build())

    def __repr__(self) -> str:
        return f"<OptionSet {self.name or 'without a name'}>"


LoaderOptions: TypeAlias = OptionSet | ExecutableOption | Sequence[OptionSet | ExecutableOption]
"""An option set, a loader option of SQLAlchemy, or several of them."""


def with_options(statement: Select[Any], given: LoaderOptions | None) -> Select[Any]:
    """Adds loader options to a statement."""
    return statement if given is None else statement.options(*flattened(given))


def flattened(given: LoaderOptions) -> list[ExecutableOption]:
    """Returns SQLAlchemy's options out of sets and sequences."""
    if isinstance(given, OptionSet):
        return list(given.options)
    if isinstance(given, ExecutableOption):
        return [given]
    _check_is_sequence(given)
    return [option for each in given for option in flattened(each)]


def _check_is_sequence(given: object) -> None:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise InvalidArgumentError(
            f"options must be loader options or an OptionSet, got {type(given).__name__}",
            hint="for example options=selectinload(User.orders)",
        )
