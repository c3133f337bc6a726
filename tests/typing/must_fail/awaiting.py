"""Mistakes under `await`."""

from __future__ import annotations

from dalkit import Base, DatabaseManager
from dalkit.aio import AsyncDatabaseManager
from tests.typing.must_pass.async_repositories import AsyncOrderRepository, AsyncUserRepository
from tests.typing.must_pass.models import User
from tests.typing.must_pass.units_of_work import AsyncShop, Shop


async def forgotten(db: AsyncDatabaseManager, users: AsyncUserRepository, shop: AsyncShop) -> None:
    users.delete(1)  # not awaited # mypy: unused-coroutine; pyright: reportUnusedCoroutine
    users.get_one(1).email  # not awaited # mypy: attr-defined; pyright: reportAttributeAccessIssue
    user: User = users.get_one(1)  # not awaited # mypy: assignment; pyright: reportAssignmentType
    list(users.find())  # not awaited # mypy: call-overload; pyright: reportArgumentType
    users.count() + 1  # not awaited # mypy: operator; pyright: reportOperatorIssue
    shop.flush()  # not awaited # mypy: unused-coroutine; pyright: reportUnusedCoroutine
    db.create_tables(Base)  # not awaited # mypy: unused-coroutine; pyright: reportUnusedCoroutine
    print(user)


async def too_much(db: DatabaseManager, shop: Shop) -> None:
    await db.create_tables(Base)  # is sync # mypy: misc; pyright: reportGeneralTypeIssues
    await shop.users.count()  # is sync # mypy: misc; pyright: reportGeneralTypeIssues
    async with db.session_scope():  # is sync # mypy: attr-defined; pyright: reportGeneralTypeIssues
        ...
    async with Shop(db):  # is sync # mypy: attr-defined; pyright: reportGeneralTypeIssues
        ...


async def the_wrong_block(db: AsyncDatabaseManager, shop: AsyncShop) -> None:
    with db.session_scope():  # is async # mypy: attr-defined; pyright: reportGeneralTypeIssues
        ...
    with AsyncShop(db):  # is async # mypy: attr-defined; pyright: reportGeneralTypeIssues
        ...
    with shop.savepoint():  # is async # mypy: attr-defined; pyright: reportGeneralTypeIssues
        ...


async def as_in_the_sync_world(users: AsyncUserRepository, orders: AsyncOrderRepository, user: User) -> None:
    (await users.get(1)).email  # the row may be missing # mypy: union-attr; pyright: reportOptionalMemberAccess
    await users.find(user.age == 3)  # compares an instance # mypy: arg-type; pyright: reportArgumentType
    await users.find(User.active, limt=3)  # a misspelt keyword # mypy: call-arg; pyright: reportCallIssue
    await users.find(options=users.crad)  # a misspelt set # mypy: attr-defined; pyright: reportAttributeAccessIssue
    await users.fnd()  # a misspelt method # mypy: attr-defined; pyright: reportAttributeAccessIssue
    await orders.get(1)  # the key is a UUID # mypy: arg-type; pyright: reportArgumentType
    await users.update(1, 31)  # no mapping # mypy: arg-type; pyright: reportArgumentType
    await users.update_where(User.active)  # no values # mypy: call-arg; pyright: reportCallIssue
    await users.get(1, with_for_update="nowait")  # a mapping # mypy: arg-type; pyright: reportArgumentType
