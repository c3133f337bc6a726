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
    Shop()  # no source # mypy: call-arg; pyright: reportCallIssue
    Shop(async_db)  # an async manager # mypy: arg-type; pyright: reportArgumentType
    Shop(engine)  # an engine # mypy: arg-type; pyright: reportArgumentType
    Shop(session)  # a session, which has an owner already # mypy: arg-type; pyright: reportArgumentType
    Shop("sqlite://")  # a URL # mypy: arg-type; pyright: reportArgumentType
    Shop(db, read_only="snapshoot")  # a misspelt mode # mypy: arg-type; pyright: reportArgumentType
    Shop(db, True)  # a keyword # mypy: call-arg; pyright: reportCallIssue
    Shop(db, readonly=True)  # a misspelt keyword # mypy: call-arg; pyright: reportCallIssue
    AsyncShop(db)  # a sync manager # mypy: arg-type; pyright: reportArgumentType
    AsyncShop(async_db, read_only="snapshoot")  # a misspelt mode # mypy: arg-type; pyright: reportArgumentType
    AsyncUnitOfWork[Order](async_db)  # no unit of work # mypy: type-var; pyright: reportInvalidTypeArguments


def inside(shop: Shop) -> None:
    shop.usrs.find()  # a misspelt repository # mypy: attr-defined; pyright: reportAttributeAccessIssue
    shop.users.fnd()  # a misspelt method # mypy: attr-defined; pyright: reportAttributeAccessIssue
    shop.orders.get(1)  # the key is a UUID # mypy: arg-type; pyright: reportArgumentType
    shop.commit()  # leaving the block commits # mypy: attr-defined; pyright: reportAttributeAccessIssue
    shop.users = shop.orders  # another repository # mypy: assignment; pyright: reportAttributeAccessIssue
    shop.session = None  # is given # mypy: misc; pyright: reportAttributeAccessIssue
    users: list[User] = shop.orders.find()  # these are orders # mypy: assignment; pyright: reportAssignmentType
    print(users)


def hooks(shop: Shop) -> None:
    shop.after_commit(send_welcome)  # no user # mypy: call-arg; pyright: reportCallIssue
    shop.after_commit(send_welcome, "1")  # a number # mypy: arg-type; pyright: reportArgumentType
    shop.after_commit(send_welcome, 1, 2)  # too many # mypy: call-arg; pyright: reportCallIssue
    shop.after_commit(send_welcome, 1, subjct="Hello")  # a misspelt argument # mypy: call-arg; pyright: reportCallIssue
    shop.after_commit(send_welcome(1))  # called at once # mypy: arg-type; pyright: reportArgumentType
    shop.before_commit(send_welcome, user="1")  # a misspelt argument # mypy: call-arg; pyright: reportCallIssue
    shop.after_rollback("print")  # no function # mypy: arg-type; pyright: reportArgumentType
    shop.after_comit(send_welcome, 1)  # a misspelt method # mypy: attr-defined; pyright: reportAttributeAccessIssue


async def services(shop: AsyncShop, other: AnyAsyncShop) -> None:
    await shop.run_sync(place)  # no user # mypy: call-arg; pyright: reportCallIssue
    await shop.run_sync(place, "1")  # a number # mypy: arg-type; pyright: reportArgumentType
    await shop.run_sync(place, 1, 2)  # too many # mypy: call-arg; pyright: reportCallIssue
    await shop.run_sync(place, 1, nte="x")  # a misspelt argument # mypy: call-arg; pyright: reportCallIssue
    await shop.run_sync(count_stock, 1)  # for another unit # mypy: arg-type; pyright: reportArgumentType
    await other.run_sync(place, 1)  # for a unit that it does not name # mypy: arg-type; pyright: reportArgumentType
    await shop.run_sync(place(Shop(lambda: Session()), 1))  # called # mypy: arg-type; pyright: reportArgumentType
    await shop.run_sync(lambda unit: unit.usrs)  # misspelt # mypy: attr-defined; pyright: reportAttributeAccessIssue
    order: User = await shop.run_sync(place, 1)  # gives an order # mypy: arg-type; pyright: reportAssignmentType
    later: Order = await shop.run_sync(place_later, 1)  # a coroutine # mypy: arg-type; pyright: reportAssignmentType
    print(order, later)


async def async_hooks(shop: AsyncShop) -> None:
    shop.after_commit(send_later)  # no user # mypy: call-arg; pyright: reportCallIssue
    shop.after_commit(send_later, "1")  # a number # mypy: arg-type; pyright: reportArgumentType
    shop.after_commit(send_later(1, subjct="Hello"))  # a misspelt argument # mypy: call-arg; pyright: reportCallIssue
