"""Several at the same time, from one test body: threads, or tasks on an asynchronous driver."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from sqlalchemy.util import await_only, greenlet_spawn

from tests.drivers import Kit

PATIENCE = 20.0


def together(kit: Kit, work: Callable[..., Any], items: Iterable[Any]) -> list[Any]:
    """Calls `work` with each item at the same time; the results are in the order of the items."""
    arguments = list(items)
    if kit.driver.asynchronous:
        return list(await_only(_gather(work, arguments)))
    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(work, arguments))


async def _gather(work: Callable[..., Any], arguments: list[Any]) -> list[Any]:
    return await asyncio.gather(*(greenlet_spawn(work, argument) for argument in arguments))


def pause(kit: Kit, seconds: float) -> None:
    """Lets the others run."""
    if kit.driver.asynchronous:
        await_only(asyncio.sleep(seconds))
    else:
        time.sleep(seconds)


class Aside:
    """A function that runs while the test goes on; `result()` waits for what it returns or raises."""

    def __init__(self, kit: Kit, work: Callable[[], Any]) -> None:
        self.kit = kit
        if kit.driver.asynchronous:
            self.running: Any = asyncio.ensure_future(greenlet_spawn(work))
        else:
            self.pool = ThreadPoolExecutor(1)
            self.running = self.pool.submit(work)
            self.pool.shutdown(wait=False)

    def done(self) -> bool:
        """Whether it has ended."""
        return bool(self.running.done())

    def cancel(self) -> None:
        """Cancels the task, which is asked for on asynchronous drivers only."""
        self.running.cancel()

    def result(self) -> Any:
        """What it returned; raises what it raised."""
        if self.kit.driver.asynchronous:
            return await_only(asyncio.wait_for(asyncio.shield(self.running), PATIENCE))
        return self.running.result(PATIENCE)


class Gate:
    """One waits in front of it until another opens it."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.event: Any = asyncio.Event() if kit.driver.asynchronous else threading.Event()

    def open(self) -> None:
        """Lets all through."""
        self.event.set()

    def wait(self) -> None:
        """Waits until it is open."""
        if self.kit.driver.asynchronous:
            await_only(asyncio.wait_for(self.event.wait(), PATIENCE))
        else:
            assert self.event.wait(PATIENCE)


@contextmanager
def elapsed() -> Iterator[list[float]]:
    """Measures the seconds that the block takes."""
    start, seconds = time.monotonic(), list[float]()
    try:
        yield seconds
    finally:
        seconds.append(time.monotonic() - start)
