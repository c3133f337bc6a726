"""Units of work: wiring, hooks, savepoints, services that both worlds share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cached_property
from typing import Any, assert_type
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from dalkit import DatabaseManager, Repository, UnitOfWork, repository
from dalkit.aio import AsyncDatabaseManager, AsyncRepository, AsyncUnitOfWork
from dalkit.aio import repository as async_repository

from .async_repositories import AsyncOrderRepository, AsyncTenantOrders, AsyncUserRepository
from .models import Order, Translation, User
from .repositories import OrderRepository, TenantOrders, UserRepository


class Shop(UnitOfWork):
    """Wired by annotations, by `repository`, and by hand."""

    users: UserRepository
    orders: OrderRepository
    translations: Repository[Translation]
    keyed = repository(Repository[Order, UUID])

    @cached_property
    def tenant_orders(self) -> TenantOrders:
        return TenantOrders(self.session, tenant_id=3)


class Stock(UnitOfWork):
    """Another unit, for other services."""


class AsyncShop(AsyncUnitOfWork[Shop]):
    """The same under `await`; its services get a `Shop`."""

    users: AsyncUserRepository
    orders: AsyncOrderRepository
    translations: AsyncRepository[Translation]
    keyed = async_repository(AsyncRepository[Order, UUID])

    @cached_property
    def tenant_orders(self) -> AsyncTenantOrders:
        return AsyncTenantOrders(self.session, tenant_id=3)


class AnyAsyncShop(AsyncUnitOfWork):
    """Without brackets, services get a plain `UnitOfWork`."""


def place(shop: Shop, user_id: int, *, note: str = "") -> Order:
    """A service: written once, sync."""
    user = shop.users.get_one(user_id)
    return shop.orders.add(Order(user=user, note=note))


def audit(unit: UnitOfWork, text: str) -> int:
    """A service over any unit."""
    return len(text)


def send_welcome(user_id: int, *, subject: str = "Welcome") -> None: ...


async def send_later(user_id: int, *, subject: str = "Welcome") -> bool:
    await asyncio.sleep(0)
    return bool(subject)


def in_a_unit(db: DatabaseManager, key: UUID) -> None:
    with Shop(db) as shop:
        assert_type(shop, Shop)
        assert_type(shop.session, Session)
        assert_type(shop.users, UserRepository)
        assert_type(shop.translations, Repository[Translation, Any])
        assert_type(shop.keyed, Repository[Order, UUID])
        assert_type(shop.keyed.get(key), Order | None)
        assert_type(shop.tenant_orders.newest(), Order | None)
        assert_type(shop.users.by_email("a@b.c"), User | None)
        with shop.savepoint():
            shop.flush()
        shop.rollback()


def hooks(shop: Shop) -> None:
    shop.before_commit(shop.flush)
    shop.after_commit(send_welcome, 1)
    shop.after_commit(send_welcome, user_id=1, subject="Hello")
    shop.after_commit(lambda: None)
    shop.after_rollback(print, "rolled back")


def sources_of_a_unit(
    db: DatabaseManager, engine: Engine, factory: sessionmaker[Session], opener: Callable[[], Session]
) -> None:
    Shop(db)
    Shop(db, read_only=True)
    Shop(db, read_only="snapshot")
    Shop(db.sessionmaker)
    Shop(factory)
    Shop(sessionmaker(engine))
    Shop(opener)
    Shop(lambda: Session(engine))


async def in_an_async_unit(db: AsyncDatabaseManager, key: UUID) -> None:
    async with AsyncShop(db) as shop:
        assert_type(shop, AsyncShop)
        assert_type(shop.session, AsyncSession)
        assert_type(shop.users, AsyncUserRepository)
        assert_type(shop.translations, AsyncRepository[Translation, Any])
        assert_type(shop.keyed, AsyncRepository[Order, UUID])
        assert_type(await shop.keyed.get(key), Order | None)
        assert_type(await shop.tenant_orders.newest(), Order | None)
        assert_type(await shop.users.by_email("a@b.c"), User | None)
        async with shop.savepoint():
            await shop.flush()
        await shop.rollback()


async def services(shop: AsyncShop, other: AnyAsyncShop) -> None:
    assert_type(await shop.run_sync(place, 1), Order)
    assert_type(await shop.run_sync(place, 1, note="x"), Order)
    assert_type(await shop.run_sync(place, user_id=1), Order)
    assert_type(await shop.run_sync(audit, "x"), int)
    assert_type(await shop.run_sync(lambda unit: unit.users.count()), int)
    assert_type(await other.run_sync(audit, "x"), int)


async def async_hooks(shop: AsyncShop) -> None:
    shop.before_commit(shop.flush)
    shop.after_commit(send_welcome, 1)
    shop.after_commit(send_later, 1, subject="Hello")
    shop.after_commit(lambda: None)
    shop.after_rollback(print, "rolled back")


async def sources_of_an_async_unit(
    db: AsyncDatabaseManager, engine: AsyncEngine, factory: async_sessionmaker[AsyncSession]
) -> None:
    AsyncShop(db)
    AsyncShop(db, read_only=True)
    AsyncShop(db, read_only="snapshot")
    AsyncShop(db.sessionmaker)
    AsyncShop(factory)
    AsyncShop(async_sessionmaker(engine))
    AsyncShop(lambda: AsyncSession(engine))
    async with AsyncUnitOfWork[Shop](db) as shop:
        assert_type(await shop.run_sync(place, 1), Order)
