"""Units of work: one transaction, its repositories, its savepoints and its hooks."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import Enum
from functools import partial
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias, TypeVar, runtime_checkable

from sqlalchemy.orm import Session, sessionmaker
from typing_extensions import ParamSpec

from ..errors import InvalidArgumentError, ReadOnlySessionError, UnitOfWorkError
from ..session import ReadOnly, close, finish, roll_back
from .hooks import Hook, HookRegistry, Phase, failed_after_commit, log_failed_rollback_hook
from .wiring import Wired

__all__ = ["SessionSource", "UnitOfWork"]

P = ParamSpec("P")
S = TypeVar("S")


@runtime_checkable
class SessionOpener(Protocol):
    """What a `DatabaseManager` offers to a unit of work."""

    def open_session(self, *, read_only: ReadOnly = False) -> Session:
        """Opens a session; the caller ends it."""
        ...


SessionSource: TypeAlias = SessionOpener | Callable[[], Session]
"""A `DatabaseManager`, a `sessionmaker`, or any function that returns a new session."""


class State(Enum):
    """The life of a unit of work."""

    NEW = "has not been entered"
    RUNNING = "is running"
    LEFT = "has been left"


class UnitOfWorkState(Wired):
    """What the sync and the async unit of work have in common: the life cycle and the hooks."""

    _source: Any
    _session: Any
    _state: State
    _hooks: HookRegistry
    _read_only: ReadOnly
    _call: Callable[[Hook], Any]

    def __init__(self, source: Any, read_only: ReadOnly) -> None:
        self._source, self._read_only = source, read_only
        self._session = None
        self._state = State.NEW
        self._hooks = HookRegistry()
        self._call = call

    def _enter(self, open_session: Callable[[], Any]) -> None:
        if self._state is not State.NEW:
            raise UnitOfWorkError(
                f"{type(self).__name__} {self._state.value}; a unit of work is entered once", hint="make a new one"
            )
        self._session = open_session()
        self._state = State.RUNNING

    def _leave(self) -> None:
        self._state = State.LEFT
        self._hooks.clear()
        self._forget_repositories()

    @contextmanager
    def _joined(self, other: UnitOfWorkState, session: Session, call: Callable[[Hook], Any]) -> Generator[None]:
        """Makes this new unit a part of one that runs: it uses that one's session and hooks, and ends nothing."""
        self._enter(lambda: session)
        self._hooks, self._read_only, self._call = other._hooks, other._read_only, call
        try:
            yield
        finally:
            self._hooks = HookRegistry()
            self._leave()

    def _check_running(self) -> None:
        if self._state is not State.RUNNING:
            name = type(self).__name__
            raise UnitOfWorkError(f"{name} {self._state.value}", hint=f"use it inside `with {name}(...) as unit:`")

    def _add_hook(self, phase: Phase, hook: Hook) -> None:
        self._check_running()
        if self._read_only:
            raise ReadOnlySessionError("a read-only unit of work commits nothing, so that the hook would never run")
        self._hooks.add(phase, hook)


class UnitOfWork(UnitOfWorkState):
    """One transaction over repositories: leaving the block commits, an exception rolls back everything.

        class Shop(UnitOfWork):
            users: UserRepository
            orders: Repository[Order]

        with Shop(db) as shop:
            user = shop.users.add(User(email="a@b.c"))
            shop.flush()
            shop.after_commit(send_welcome, user.id)

    Repositories are wired by their annotations, each on its first use. A repository whose constructor wants more than
    the session is a `functools.cached_property` that makes it from `self.session`. If the block, a flush or the commit
    fails, the transaction is rolled back, the session closed, and that exception is the one that the caller sees. After
    the commit, entities stay readable. A unit of work is entered once and is not shared between threads.

    Args:
        source: A `DatabaseManager`, a `sessionmaker`, or any function that returns a new session.
        read_only: True or "snapshot" for a unit that reads; only with a `DatabaseManager`.
    """

    def __init__(self, source: SessionSource, *, read_only: ReadOnly = False) -> None:
        super().__init__(source, read_only)

    @property
    def session(self) -> Session:
        """The SQLAlchemy session of the running unit.

        Raises:
            UnitOfWorkError: The unit has not been entered, or has been left.
        """
        self._check_running()
        session: Session = self._session
        return session

    def __enter__(self) -> Self:
        self._enter(lambda: opened(self._source, self._read_only))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            hooks = self._commit() if error is None else self._abandon(error)
        finally:
            self._close()
        run_after_commit(hooks)

    def _close(self) -> None:
        try:
            close(self.session)
        finally:
            self._leave()

    def _commit(self) -> list[Callable[[], Any]]:
        try:
            while hooks := self._hooks.take("before_commit"):
                for hook in hooks:
                    hook()
            finish(self.session)
        except BaseException as failure:
            self._abandon(failure)
            raise
        return self._hooks.take("after_commit")

    def _abandon(self, error: BaseException) -> list[Callable[[], Any]]:
        roll_back(self.session, error)
        self._run_after_rollback(0)
        return []

    def flush(self) -> None:
        """Sends all changes to the database, inside the transaction; keys that it makes are there afterwards."""
        self.session.flush()

    def rollback(self) -> None:
        """Rolls back all that was done so far, and its hooks; the unit goes on in a new transaction."""
        self.session.rollback()
        self._run_after_rollback(0)

    @contextmanager
    def savepoint(self) -> Generator[None]:
        """Opens a savepoint: an exception in the block undoes the block alone, and goes on to the caller.

        Hooks that were registered in a block that is undone vanish; its after-rollback hooks run.
        """
        mark = self._hooks.mark()
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            self._run_after_rollback(mark)
            raise

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

    def _add_hook(self, phase: Phase, hook: Hook) -> None:
        if self._call is call and iscoroutinefunction(hook):
            raise InvalidArgumentError(
                f"a synchronous unit of work cannot await a coroutine function ({phase})", hint="use AsyncUnitOfWork"
            )
        super()._add_hook(phase, hook)

    def _run_after_rollback(self, mark: int) -> None:
        """Runs the hooks registered since `mark`, and logs what failed."""
        for hook in self._hooks.take_since(mark, "after_rollback"):
            try:
                self._call(hook)
            except Exception as error:
                log_failed_rollback_hook(error)


def call(hook: Hook) -> Any:
    """Calls a hook."""
    return hook()


def opened(source: SessionSource, read_only: ReadOnly) -> Session:
    """Opens a session of a unit of work."""
    session = opened_by(source, read_only, factory=sessionmaker, wanted=Session)
    session.expire_on_commit = False
    return session


def opened_by(source: Any, read_only: ReadOnly, *, factory: type[Any], wanted: type[S]) -> S:
    """Opens a session of the `wanted` class, and refuses a source that is none."""
    session = called_source(source, read_only, factory)
    if not isinstance(session, wanted):
        came = type(source).__name__ + (f" that opens {type(session).__name__}" if session is not None else "")
        raise InvalidArgumentError(
            f"a unit of work takes a manager or a function that opens a new {wanted.__name__}, got {came}",
            hint="it ends the session itself; with a session of your own use repositories alone",
        )
    return session


def called_source(source: Any, read_only: ReadOnly, factory: type[Any]) -> Any:
    """Lets a source open a session; one of `factory` is told that its session is closed for good."""
    if isinstance(source, SessionOpener):
        return source.open_session(read_only=read_only)
    if read_only:
        raise InvalidArgumentError("read_only needs a DatabaseManager", hint="UnitOfWork(db, read_only=True)")
    if isinstance(source, factory):
        return source(close_resets_only=False)
    return source() if callable(source) else None


def run_after_commit(hooks: list[Callable[[], Any]]) -> None:
    """Runs all hooks, and raises what failed at the end."""
    failures: list[Exception] = []
    for hook in hooks:
        try:
            hook()
        except Exception as error:
            failures.append(error)
    if failures:
        raise failed_after_commit(failures)
