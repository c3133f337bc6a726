"""Ends sessions under `await`, cancelled tasks included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from ..session import close, finish, roll_back


@asynccontextmanager
async def transaction(session: AsyncSession) -> AsyncGenerator[None]:
    """Commits at the end of the block; on any exception rolls back; closes always."""
    try:
        yield
        await session.run_sync(finish)
    except BaseException as error:
        await shielded(session.run_sync(roll_back, error))
        raise
    finally:
        await shielded(session.run_sync(close))


async def shielded(work: Coroutine[Any, Any, None]) -> None:
    """Runs clean-up to its end, however often the task that waits for it is cancelled; then lets it be cancelled."""
    clean_up = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not clean_up.done():
        try:
            await asyncio.shield(clean_up)
        except asyncio.CancelledError as error:
            cancelled = error
    clean_up.result()
    if cancelled is not None:
        raise cancelled
