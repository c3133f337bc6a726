"""Mistakes under `await`."""

from __future__ import annotations

from dalkit import Base, DatabaseManager
from dalkit.aio import AsyncDatabaseManager
from tests.typing.must_pass.async_repositories import AsyncOrderRepository, AsyncUserRepository
from tests.typing.must_pass.models import User
from tests.typing.must_pass.units_of_work import AsyncShop, Shop


async def forgotten(db: AsyncDatabaseManager, users: AsyncUserRepository, shop: AsyncShop) -> None:
    users.delete(1)  # not awaited
    users.get_one(1).email  # not awaited
    user: User = users.get_one(1)  # not awaited
    for each in users.find():  # not awaited
        print(each)
    total = users.count() + 1  # not awaited
    shop.flush()  # not awaited
    db.create_tables(Base)  # not awaited
    print(user, total)


async def too_much(db: DatabaseManager, shop: Shop) -> None:
    await db.create_tables(Base)  # is sync
    await shop.users.count()  # is sync
    async with db.session_scope():  # is sync
        ...
    async with Shop(db):  # is sync
        ...


async def the_wrong_block(db: AsyncDatabaseManager, shop: AsyncShop) -> None:
    with db.session_scope():  # is async
        ...
    with AsyncShop(db):  # is async
        ...
    with shop.savepoint():  # is async
        ...


async def as_in_the_sync_world(users: AsyncUserRepository, orders: AsyncOrderRepository, user: User) -> None:
    (await users.get(1)).email  # the row may be missing
    await users.find(user.age == 3)  # compares an instance
    await users.find(User.active, limt=3)  # a misspelt keyword
    await users.find(options=AsyncUserRepository.crad)  # a misspelt option set
    await users.fnd()  # a misspelt method
    await orders.get(1)  # the key is a UUID
    await users.update(1, 31)  # no mapping
    await users.update_where(User.active)  # no values
    await users.get(1, with_for_update="nowait")  # a mapping
