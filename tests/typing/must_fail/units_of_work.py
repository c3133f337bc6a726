"""Mistakes with units of work."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from dalkit import DatabaseManager
from dalkit.aio import AsyncDatabaseManager, AsyncUnitOfWork
from tests.typing.must_pass.models import Order, User
from tests.typing.must_pass.units_of_work import AnyAsyncShop, AsyncShop, Shop, Stock, place, send_later, send_welcome


def count_stock(stock: Stock, product: int) -> int:
    return product


async def place_later(shop: Shop, user_id: int) -> Order:
    return place(shop, user_id)


def made(db: DatabaseManager, async_db: AsyncDatabaseManager, engine: Engine, session: Session) -> None:
    Shop()  # no source
    Shop(async_db)  # an async manager
    Shop(engine)  # an engine
    Shop(session)  # a session, which has an owner already
    Shop("sqlite://")  # a URL
    Shop(db, read_only="snapshoot")  # a misspelt mode
    Shop(db, True)  # a keyword
    Shop(db, readonly=True)  # a misspelt keyword
    AsyncShop(db)  # a sync manager
    AsyncShop(async_db, read_only="snapshoot")  # a misspelt mode
    AsyncUnitOfWork[Order](async_db)  # no unit of work


def inside(shop: Shop) -> None:
    shop.usrs.find()  # a misspelt repository
    shop.users.fnd()  # a misspelt method
    shop.orders.get(1)  # the key is a UUID
    shop.commit()  # leaving the block commits
    shop.users = shop.orders  # another repository
    shop.session = None  # is given
    users: list[User] = shop.orders.find()  # these are orders
    print(users)


def hooks(shop: Shop) -> None:
    shop.after_commit(send_welcome)  # no user
    shop.after_commit(send_welcome, "1")  # a number
    shop.after_commit(send_welcome, 1, 2)  # too many
    shop.after_commit(send_welcome, 1, subjct="Hello")  # a misspelt argument
    shop.after_commit(send_welcome(1))  # called at once
    shop.before_commit(send_welcome, user="1")  # a misspelt argument
    shop.after_rollback("print")  # no function
    shop.after_comit(send_welcome, 1)  # a misspelt method


async def services(shop: AsyncShop, other: AnyAsyncShop) -> None:
    await shop.run_sync(place)  # no user
    await shop.run_sync(place, "1")  # a number
    await shop.run_sync(place, 1, 2)  # too many
    await shop.run_sync(place, 1, nte="x")  # a misspelt argument
    await shop.run_sync(count_stock, 1)  # for another unit
    await other.run_sync(place, 1)  # for a unit that it does not name
    await shop.run_sync(place(Shop(lambda: Session()), 1))  # called at once
    await shop.run_sync(lambda unit: unit.usrs.find())  # a misspelt repository
    order: User = await shop.run_sync(place, 1)  # gives an order
    later: Order = await shop.run_sync(place_later, 1)  # a coroutine function
    print(order, later)


async def async_hooks(shop: AsyncShop) -> None:
    shop.after_commit(send_later)  # no user
    shop.after_commit(send_later, "1")  # a number
    shop.after_commit(send_later(1, subjct="Hello"))  # a misspelt argument
