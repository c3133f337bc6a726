"""Pages by number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from ..query.definition import Definition
from ..query.options import Criterion, ReadOptions
from ..query.pages import Page, check_page
from ..query.statements import Statements
from .read import count, selected

M = TypeVar("M")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is wanted, and whether with a total."""

    page: int
    size: int
    total: bool


def paginate(
    session: Session,
    definition: Definition[M, Any],
    where: Sequence[Criterion],
    options: ReadOptions,
    request: PageRequest,
) -> Page[M]:
    """Returns one page, in an order that the key completes."""
    check_page(request.page, request.size, definition.max_page_size)
    offset = (request.page - 1) * request.size
    bounds = {"limit": request.size + 1, "offset": offset}
    found: list[M] = selected(session, Statements(definition), where, options, complete=True, **bounds)
    has_next = len(found) > request.size
    total = None
    if request.total:
        ends_here = not has_next and (found or request.page == 1)
        total = offset + len(found) if ends_here else count(session, definition, where)
    return Page(found[: request.size], request.page, request.size, total, has_next)
