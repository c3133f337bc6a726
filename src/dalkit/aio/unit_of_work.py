"""Units of work under `await`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from inspect import isawaitable
from types import TracebackType
from typing import Any, Concatenate, Generic, Protocol, Self, TypeAlias, cast, final

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import Session
from sqlalchemy.util import await_only
from typing_extensions import ParamSpec, TypeVar

from ..query.generics import alias_arguments, resolved, type_arguments
from ..session import ReadOnly, close, finish, roll_back
from ..unit_of_work import SessionSource, UnitOfWork, repository
from ..unit_of_work.hooks import Hook, failed_after_commit, log_failed_rollback_hook
from ..unit_of_work.unit import UnitOfWorkState, opened_by
from .transaction import shielded

__all__ = ["AsyncSessionSource", "AsyncUnitOfWork", "repository"]

P = ParamSpec("P")
T = TypeVar("T")
U = TypeVar("U", bound=UnitOfWork, default=UnitOfWork)


class AsyncSessionOpener(Protocol):
    """What an `AsyncDatabaseManager` offers to a unit of work."""

    def open_session(self, *, read_only: ReadOnly = False) -> AsyncSession:
        """Opens a session; the caller ends it."""
        ...


AsyncSessionSource: TypeAlias = AsyncSessionOpener | Callable[[], AsyncSession]
"""An `AsyncDatabaseManager`, an `async_sessionmaker`, or any function that returns a new `AsyncSession`."""


class AsyncUnitOfWork(UnitOfWorkState, Generic[U]):
    """One transaction over repositories, under `await`: see [UnitOfWork][dalkit.UnitOfWork].

        class AsyncShop(AsyncUnitOfWork[Shop]):
            users: AsyncUserRepository

        async with AsyncShop(db) as shop:
            user = await shop.users.get_one(1)
            await shop.run_sync(place_order, user.id)      # place_order(shop: Shop, user_id: int), written once, sync

    Hooks may be functions or coroutine functions. A task that is cancelled inside the block rolls back.

    Args:
        source: An `AsyncDatabaseManager`, an `async_sessionmaker`, or any function that returns a new `AsyncSession`.
        read_only: True or "snapshot" for a unit that reads; only with an `AsyncDatabaseManager`.
    """

    def __init__(self, source: AsyncSessionSource, *, read_only: ReadOnly = False) -> None:
        super().__init__(source, read_only)

    @property
    def session(self) -> AsyncSession:
        """The SQLAlchemy session of the running unit.

        Raises:
            UnitOfWorkError: The unit has not been entered, or has been left.
        """
        self._check_running()
        session: AsyncSession = self._session
        return session

    @final
    async def __aenter__(self) -> Self:
        self._enter(lambda: opened(self._source, self._read_only))
        return self

    @final
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            hooks = await self._commit() if error is None else await self._abandon(error)
        finally:
            await self._close()
        await run_after_commit(hooks)

    async def _close(self) -> None:
        try:
            await shielded(self.session.run_sync(close))
        finally:
            self._leave()

    async def _commit(self) -> list[Callable[[], Any]]:
        try:
            while hooks := self._hooks.take("before_commit"):
                for hook in hooks:
                    await called(hook)
            await self.session.run_sync(finish)
        except BaseException as failure:
            await self._abandon(failure)
            raise
        return self._hooks.take("after_commit")

    async def _abandon(self, error: BaseException) -> list[Callable[[], Any]]:
        await shielded(self.session.run_sync(roll_back, error))
        await run_after_rollback(self._hooks.take_since(0, "after_rollback"))
        return []

    @final
    async def flush(self) -> None:
        """Sends all changes to the database, inside the transaction; keys that it makes are there afterwards."""
        await self.session.flush()

    @final
    async def rollback(self) -> None:
        """Rolls back all that was done so far, and its hooks; the unit goes on in a new transaction."""
        await self.session.rollback()
        await run_after_rollback(self._hooks.take_since(0, "after_rollback"))

    @final
    @asynccontextmanager
    async def savepoint(self) -> AsyncGenerator[None]:
        """Opens a savepoint: an exception in the block undoes the block alone, and goes on to the caller.

        Hooks that were registered in a block that is undone vanish; its after-rollback hooks run.
        """
        mark = self._hooks.mark()
        try:
            async with self.session.begin_nested():
                yield
        except BaseException:
            await run_after_rollback(self._hooks.take_since(mark, "after_rollback"))
            raise

    @final
    async def run_sync(self, service: Callable[Concatenate[U, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs a service that is written as a synchronous function over a unit of work, inside this transaction.

        Its first parameter is a unit of the class in the brackets of this one (`AsyncUnitOfWork[Shop]`), which shares
        the session, the transaction and the hooks. Lazy loads work inside. It must not block on anything but this
        session.

        Args:
            service: The function.
            *args: Its arguments after the unit.
            **kwargs: Its keyword arguments.

        Returns:
            What the service returns.
        """

        def run(session: Session) -> T:
            unit = self.service_unit(lambda: session)
            with unit._joined(self, session, call_and_wait):
                return service(unit, *args, **kwargs)

        return await self.session.run_sync(run)

    def service_unit(self, source: SessionSource) -> U:
        """Makes the unit that services get. Override it if its constructor wants more than a source."""
        alias = getattr(self, "__orig_class__", None)
        if alias is not None:
            found = alias_arguments(alias, AsyncUnitOfWork)
        else:
            found = type_arguments(type(self), AsyncUnitOfWork)
        unit_class = resolved(found[0], type(self)) if found else None
        return cast("U", (unit_class or UnitOfWork)(source))

    def before_commit(self, hook: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Runs `hook(*args, **kwargs)` inside the transaction, right before COMMIT; if it fails, all is rolled back."""
        self._add_hook("before_commit", partial(hook, *args, **kwargs))

    def after_commit(self, hook: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Runs `hook(*args, **kwargs)` once the transaction is committed and the session closed.

        All hooks run, in the order of their registration; if any fails, leaving the block raises
        [AfterCommitError][dalkit.errors.AfterCommitError] with all failures. The transaction stays committed.
        """
        self._add_hook("after_commit", partial(hook, *args, **kwargs))

    def after_rollback(self, hook: Callable[P, Any], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Runs `hook(*args, **kwargs)` after a rollback; a hook that fails is logged, and hides no exception."""
        self._add_hook("after_rollback", partial(hook, *args, **kwargs))


def opened(source: AsyncSessionSource, read_only: ReadOnly) -> AsyncSession:
    """Opens a session of a unit of work."""
    session = opened_by(source, read_only, factory=async_sessionmaker, wanted=AsyncSession)
    session.sync_session.expire_on_commit = False
    return session


async def called(hook: Hook) -> None:
    """Calls a function or a coroutine function."""
    result = hook()
    if isawaitable(result):
        await result


def call_and_wait(hook: Hook) -> None:
    """Does the same inside a service."""
    await_only(called(hook))


async def run_after_commit(hooks: list[Callable[[], Any]]) -> None:
    """Runs all hooks, and raises what failed at the end."""
    failures: list[Exception] = []
    for hook in hooks:
        try:
            await called(hook)
        except Exception as error:
            failures.append(error)
    if failures:
        raise failed_after_commit(failures)


async def run_after_rollback(hooks: list[Callable[[], Any]]) -> None:
    """Runs all hooks, and logs what failed."""
    for hook in hooks:
        try:
            await called(hook)
        except Exception as error:
            log_failed_rollback_hook(error)
