"""Pages by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ..errors import InvalidArgumentError

__all__ = ["Page"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list.

    Attributes:
        items: The items of this page, in order.
        page: Which page it is, from 1.
        size: How many items a page holds at the most.
        total: How many items all pages hold, or None if it was not asked for. True on pages past the end, too.
        has_next: Whether items follow.
    """

    items: Sequence[T]
    page: int
    size: int
    total: int | None
    has_next: bool

    @property
    def pages(self) -> int | None:
        """How many pages there are, or None if the total was not asked for."""
        return None if self.total is None else -(-self.total // self.size)

    @property
    def has_previous(self) -> bool:
        """Whether items stand before this page."""
        return self.page > 1 and self.total != 0

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def check_page(page: int, size: int, largest: int) -> None:
    """Refuses numbers that no page has."""
    check_number("page", page, least=1)
    check_number("size", size, least=1)
    if size > largest:
        raise InvalidArgumentError(f"size must be from 1 to {largest}, got {size}", hint="see max_page_size")


def check_number(name: str, number: object, *, least: int) -> None:
    """Refuses what is no whole number of at least `least`."""
    if not isinstance(number, int) or isinstance(number, bool):
        raise InvalidArgumentError(f"{name} must be a whole number, got {type(number).__name__}")
    if number < least:
        raise InvalidArgumentError(f"{name} must be at least {least}, got {number}")
