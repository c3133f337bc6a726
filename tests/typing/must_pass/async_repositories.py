"""The same under `await`: the definitions are shared with the sync repositories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar, assert_type
from uuid import UUID

import typing_extensions
from sqlalchemy import ColumnExpressionArgument
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from dalkit import Page
from dalkit.aio import AsyncRepository

from .models import Order, Translation, User
from .repositories import ActiveUsers

M = TypeVar("M")
K = typing_extensions.TypeVar("K", default=Any)


class AsyncUserRepository(ActiveUsers, AsyncRepository[User]):
    """A definition that the sync repository shares, and methods of its own."""

    async def by_email(self, email: str) -> User | None:
        return await self.one_or_none(User.email == email)


class AsyncOrderRepository(AsyncRepository[Order, UUID]):
    """States the type of its keys, so that they are checked."""


class AsyncTenantRepository(AsyncRepository[M]):
    """A generic base of a user, whose scope belongs to the instance."""

    def __init__(self, session: AsyncSession, tenant_id: int) -> None:
        super().__init__(session)
        self.tenant_id = tenant_id

    async def newest(self) -> M | None:
        return await self.first()


class AsyncTenantOrders(AsyncTenantRepository[Order]):
    """Binds the generic base."""

    def scope(self) -> Sequence[ColumnExpressionArgument[bool]]:
        return (Order.tenant_id == self.tenant_id,)


class AsyncKeyed(AsyncRepository[M, K], Generic[M, K]):
    """A generic base that leaves the key open, too."""

    async def require(self, key: K) -> M:
        return await self.get_one(key)


async def reads(session: AsyncSession, users: AsyncUserRepository, orders: AsyncOrderRepository, key: UUID) -> None:
    assert_type(AsyncUserRepository.model, type[User])
    assert_type(users.model, type[User])
    assert_type(await users.get(1), User | None)
    assert_type(await users.get(1, options=AsyncUserRepository.card, with_for_update={"nowait": True}), User | None)
    assert_type(await users.get_one(1, options=joinedload(User.orders)), User)
    assert_type(await users.get_many([3, 1], options=[users.card]), list[User])
    assert_type(await orders.get(key), Order | None)
    assert_type(await users.one(User.email == "a@b.c"), User)
    assert_type(await users.one_or_none(User.email == "a@b.c", with_for_update=True), User | None)
    assert_type(await users.first(User.age > 18, order_by=User.age.desc().nulls_last()), User | None)
    assert_type(await users.find(User.active, User.adult, limit=10, order_by=(User.email, User.id)), list[User])
    assert_type(await users.find(User.orders.any(), options=selectinload(User.orders)), list[User])
    assert_type(await users.count((User.age > 18) | ~User.active), int)
    assert_type(await users.exists(User.age.is_(None)), bool)
    assert_type(await users.paginate(User.active, page=2, size=10, total=False), Page[User])
    assert_type(await users.by_email("a@b.c"), User | None)
    assert_type(await AsyncRepository[Translation](session).get((1, "en")), Translation | None)


async def writes(users: AsyncUserRepository, user: User, changes: dict[str, int]) -> None:
    assert_type(await users.add(User(email="a@b.c")), User)
    assert_type(await users.add_all([user]), list[User])
    assert_type(await users.update(user, {"age": 31}), User)
    assert_type(await users.update(1, {User.age: User.age + 1}), User)
    assert_type(await users.update(1, changes), User)
    await users.delete(user)
    await users.delete(1)
    assert_type(await users.get_or_create({"email": "a@b.c"}, defaults={User.age: 30}), tuple[User, bool])
    assert_type(await users.update_where(User.active, values={"age": 31}), int)
    assert_type(await users.delete_where(everything=True), int)


async def generic_bases(session: AsyncSession, key: UUID) -> None:
    orders = AsyncTenantOrders(session, tenant_id=3)
    assert_type(await orders.newest(), Order | None)
    assert_type(await AsyncKeyed[Order, UUID](session).require(key), Order)
    assert_type(await AsyncKeyed[User](session).require(1), User)
    assert_type(AsyncRepository[User](session), AsyncRepository[User, Any])
