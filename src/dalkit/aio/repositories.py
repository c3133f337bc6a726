"""Repositories under `await`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar, final

import typing_extensions
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import Unpack

from .. import operations
from ..operations.page import PageRequest
from ..query import Definition, KeyOptions, Page, ReadOptions
from ..query.options import Criterion, Values

__all__ = ["AsyncRepository"]

M = TypeVar("M")
IdT = typing_extensions.TypeVar("IdT", default=Any)


class AsyncRepository(Definition[M, IdT], Generic[M, IdT]):
    """Reads and writes entities of one mapped class through an `AsyncSession`.

    The methods are those of [Repository][dalkit.Repository], which tells what they do, return, raise and send. They
    cannot be overridden, since the shared operations would not notice; the extension points (`base_select`,
    `default_order`, `scope`, option sets) and methods of your own work as there.

    Args:
        session: Any `AsyncSession` of SQLAlchemy; its owner ends the transaction.
    """

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    @final
    async def get(self, key: IdT, /, **options: Unpack[KeyOptions]) -> M | None:
        """Returns the entity with a primary key, or None: see [Repository.get][dalkit.Repository.get]."""
        return await self.session.run_sync(operations.get, self, key, options)

    @final
    async def get_one(self, key: IdT, /, **options: Unpack[KeyOptions]) -> M:
        """Returns the entity with a primary key, or raises: see [Repository.get_one][dalkit.Repository.get_one]."""
        return await self.session.run_sync(operations.get_one, self, key, options)

    @final
    async def get_many(self, keys: Sequence[IdT], /, **options: Unpack[KeyOptions]) -> list[M]:
        """Returns the entities with primary keys: see [Repository.get_many][dalkit.Repository.get_many]."""
        return await self.session.run_sync(operations.get_many, self, keys, options)

    @final
    async def one(self, *where: Criterion, **options: Unpack[ReadOptions]) -> M:
        """Returns the only entity that answers, or raises: see [Repository.one][dalkit.Repository.one]."""
        return await self.session.run_sync(operations.one, self, where, options)

    @final
    async def one_or_none(self, *where: Criterion, **options: Unpack[ReadOptions]) -> M | None:
        """Returns the only entity that answers: see [Repository.one_or_none][dalkit.Repository.one_or_none]."""
        return await self.session.run_sync(operations.one_or_none, self, where, options)

    @final
    async def first(self, *where: Criterion, **options: Unpack[ReadOptions]) -> M | None:
        """Returns the first entity that answers: see [Repository.first][dalkit.Repository.first]."""
        return await self.session.run_sync(operations.first, self, where, options)

    @final
    async def find(self, *where: Criterion, limit: int | None = None, **options: Unpack[ReadOptions]) -> list[M]:
        """Returns the entities that answer: see [Repository.find][dalkit.Repository.find]."""
        return await self.session.run_sync(operations.find, self, where, options, limit=limit)

    @final
    async def count(self, *where: Criterion) -> int:
        """Returns how many entities answer: see [Repository.count][dalkit.Repository.count]."""
        return await self.session.run_sync(operations.count, self, where)

    @final
    async def exists(self, *where: Criterion) -> bool:
        """Tells whether any entity answers: see [Repository.exists][dalkit.Repository.exists]."""
        return await self.session.run_sync(operations.exists, self, where)

    @final
    async def paginate(
        self, *where: Criterion, page: int = 1, size: int = 20, total: bool = True, **options: Unpack[ReadOptions]
    ) -> Page[M]:
        """Returns one page of the entities that answer: see [Repository.paginate][dalkit.Repository.paginate]."""
        return await self.session.run_sync(operations.paginate, self, where, options, PageRequest(page, size, total))

    @final
    async def add(self, entity: M, /) -> M:
        """Puts a new entity into the session: see [Repository.add][dalkit.Repository.add]."""
        return await self.session.run_sync(operations.add, self, entity)

    @final
    async def add_all(self, entities: Iterable[M], /) -> list[M]:
        """Puts new entities into the session: see [Repository.add_all][dalkit.Repository.add_all]."""
        return await self.session.run_sync(operations.add_all, self, entities)

    @final
    async def update(self, target: M | IdT, values: Values, /) -> M:
        """Changes one entity: see [Repository.update][dalkit.Repository.update]."""
        return await self.session.run_sync(operations.update, self, target, values)

    @final
    async def delete(self, target: M | IdT, /) -> None:
        """Deletes one entity at the next flush: see [Repository.delete][dalkit.Repository.delete]."""
        await self.session.run_sync(operations.delete, self, target)

    @final
    async def get_or_create(self, values: Values, /, *, defaults: Values | None = None) -> tuple[M, bool]:
        """Returns or makes an entity: see [Repository.get_or_create][dalkit.Repository.get_or_create]."""
        return await self.session.run_sync(operations.get_or_create, self, values, defaults)

    @final
    async def update_where(self, *where: Criterion, values: Values, everything: bool = False) -> int:
        """Updates all rows that answer: see [Repository.update_where][dalkit.Repository.update_where]."""
        return await self.session.run_sync(operations.update_where, self, where, values, everything)

    @final
    async def delete_where(self, *where: Criterion, everything: bool = False) -> int:
        """Deletes all rows that answer: see [Repository.delete_where][dalkit.Repository.delete_where]."""
        return await self.session.run_sync(operations.delete_where, self, where, everything)
