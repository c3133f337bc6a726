"""Lets one synchronous test body use dalkit's asynchronous shells.

A test on an asynchronous driver runs inside a greenlet of SQLAlchemy. There, a `Bridge` around an async object calls
its methods, waits for what they return, and wraps that in turn; everything else it hands through. So each line of a
test really goes through `AsyncRepository`, `AsyncUnitOfWork` and `AsyncDatabaseManager`.
"""

from __future__ import annotations

from inspect import isawaitable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.util import await_only

from dalkit.aio import AsyncDatabaseManager, AsyncRepository, AsyncUnitOfWork

ASYNC_OBJECTS = (AsyncDatabaseManager, AsyncRepository, AsyncUnitOfWork)


class Bridge:
    """An async object that synchronous code inside a greenlet can use."""

    def __init__(self, target: Any) -> None:
        self.target = target

    def __getattr__(self, name: str) -> Any:
        return bridged(getattr(self.target, name))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return bridged(self.target(*args, **kwargs))

    def __repr__(self) -> str:
        return repr(self.target)

    def __enter__(self) -> Any:
        return bridged(self.target.__aenter__())

    def __exit__(self, *error: Any) -> Any:
        return await_only(self.target.__aexit__(*error))


def bridged(value: Any) -> Any:
    """Waits for a value if it must be waited for, and wraps it if it is async itself."""
    if isawaitable(value):
        value = await_only(value)
    if isinstance(value, AsyncSession):
        return value.sync_session
    if isinstance(value, AsyncEngine):
        return value.sync_engine
    if isinstance(value, ASYNC_OBJECTS) or callable(value) or hasattr(value, "__aenter__"):
        return value if isinstance(value, type) else Bridge(value)
    return value
