"""Mistakes in classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnExpressionArgument, Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, selectinload

from dalkit import Definition, OptionSet, Repository, UnitOfWork, repository
from dalkit.aio import AsyncDatabaseManager, AsyncRepository, AsyncUnitOfWork
from tests.typing.must_pass.async_repositories import AsyncUserRepository
from tests.typing.must_pass.models import Order, User
from tests.typing.must_pass.repositories import ActiveUsers, OrderRepository, UserRepository


class TooMany(Repository[User, int, str]):  # two type parameters
    ...


class Base(Definition[User]):
    @classmethod
    def base_select(cls) -> str:  # no SELECT
        return "SELECT"

    @classmethod
    def default_order(cls, descending: bool) -> Sequence[ColumnExpressionArgument[Any]]:  # asked without arguments
        return (User.id,)

    def scope(self) -> list[bool]:  # no column expressions
        return []


class Scoped(Repository[Order]):
    def scope(self) -> Sequence[ColumnExpressionArgument[bool]]:
        return (Order.tenant_id,)  # a column that is no boolean

    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(cls.modl)  # a misspelt attribute

    max_page_size = "1000"  # a number


class Sets(Definition[User]):
    options = OptionSet((selectinload(User.orders),))  # not lazy
    one = OptionSet(lambda: selectinload(User.orders))  # not a sequence
    names = OptionSet(lambda: ("orders",))  # names


class Own(AsyncRepository[User]):
    async def get(self, key: Any, /, **options: Any) -> User | None:  # final
        return None

    async def count(self, *where: ColumnExpressionArgument[bool]) -> int:  # final
        return 0


class OwnUnit(AsyncUnitOfWork):
    async def flush(self) -> None:  # final
        ...


class OwnManager(AsyncDatabaseManager):
    async def cleanup(self) -> None:  # final
        ...


class Wrong(AsyncUnitOfWork[int]):  # no unit of work
    ...


class Wires(UnitOfWork):
    users: UserRepository = repository(OrderRepository)  # another repository
    entities = repository(User)  # a model


def made(session: Session, async_session: AsyncSession) -> None:
    UserRepository()  # no session
    UserRepository(async_session)  # an async session
    AsyncUserRepository(session)  # a sync session
    Repository[Order](async_session)  # an async session
    ActiveUsers(session)  # the half without I/O
    UserRepository.by_email("a@b.c")  # on the class
    UserRepository.card.optons  # a misspelt attribute
