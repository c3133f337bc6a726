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


class TooMany(Repository[User, int, str]):  # two type parameters # mypy: type-arg; pyright: reportInvalidTypeArguments
    ...


class Base(Definition[User]):
    @classmethod
    def base_select(cls) -> str:  # no SELECT # mypy: override; pyright: reportIncompatibleMethodOverride
        return "SELECT"

    @classmethod
    def default_order(cls, column: str) -> Any:  # mypy: override; pyright: reportIncompatibleMethodOverride
        return (User.id,)

    def scope(self) -> list[bool]:  # no column expressions # mypy: override; pyright: reportIncompatibleMethodOverride
        return []


class Scoped(Repository[Order]):
    def scope(self) -> Sequence[ColumnExpressionArgument[bool]]:
        return (Order.tenant_id,)  # a column that is no boolean # mypy: return-value; pyright: reportReturnType

    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(cls.modl)  # a misspelt attribute # mypy: attr-defined; pyright: reportAttributeAccessIssue

    max_page_size = "1000"  # a number # mypy: assignment; pyright: reportAssignmentType


class Sets(Definition[User]):
    options = OptionSet((selectinload(User.orders),))  # not lazy # mypy: arg-type; pyright: reportArgumentType
    one = OptionSet(lambda: selectinload(User.orders))  # not a sequence # mypy: arg-type; pyright: reportArgumentType
    names = OptionSet(lambda: ("orders",))  # names # mypy: arg-type; pyright: reportArgumentType


class Own(AsyncRepository[User]):
    async def get(self, key: Any, /) -> Any:  # final # mypy: misc; pyright: reportIncompatibleMethodOverride
        return None

    async def count(self, *where: Any) -> int:  # final # mypy: misc; pyright: reportIncompatibleMethodOverride
        return 0


class OwnUnit(AsyncUnitOfWork):
    async def flush(self) -> None:  # final # mypy: misc; pyright: reportIncompatibleMethodOverride
        ...


class OwnManager(AsyncDatabaseManager):
    async def cleanup(self) -> None:  # final # mypy: misc; pyright: reportIncompatibleMethodOverride
        ...


class Wrong(AsyncUnitOfWork[int]):  # no unit of work # mypy: type-var; pyright: reportInvalidTypeArguments
    ...


class Wires(UnitOfWork):
    users: UserRepository = repository(OrderRepository)  # another # mypy: assignment; pyright: reportAssignmentType
    entities = repository(User)  # a model # mypy: arg-type; pyright: reportArgumentType


def made(session: Session, async_session: AsyncSession) -> None:
    UserRepository()  # no session # mypy: call-arg; pyright: reportCallIssue
    UserRepository(async_session)  # an async session # mypy: arg-type; pyright: reportArgumentType
    AsyncUserRepository(session)  # a sync session # mypy: arg-type; pyright: reportArgumentType
    Repository[Order](async_session)  # an async session # mypy: arg-type; pyright: reportArgumentType
    ActiveUsers(session)  # the half without I/O # mypy: call-arg; pyright: reportCallIssue
    UserRepository.by_email("a@b.c")  # on the class # mypy: call-arg; pyright: reportCallIssue
    UserRepository.card.optons  # a misspelt attribute # mypy: attr-defined; pyright: reportAttributeAccessIssue
