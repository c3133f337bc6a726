"""Samples of all contestants, interleaved, so that whatever slows the machine down slows all of them down."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from inspect import iscoroutinefunction
from statistics import median
from time import perf_counter_ns
from typing import Any

from . import data
from .contestants.base import Contestant, SyncContestant
from .targets import BASELINE, Arena
from .workloads import Workload

WARMING_CALLS = 10
FEWEST_CALLS, MOST_CALLS = 3, 60


class WrongAnswerError(Exception):
    """A contestant did something else than the baseline."""


def check_answers(arena: Arena, contestants: Sequence[Contestant], workload: Workload, calls: int = 3) -> None:
    """Raises if a contestant's answers, or what it leaves in the tables, differ from the baseline's."""
    outcomes = {each.name: outcome(arena, each, workload, calls) for each in contestants}
    expected = outcomes[BASELINE]
    for name, found in outcomes.items():
        if found != expected:
            raise WrongAnswerError(f"{workload.method}: {name} gives\n{found}\n{BASELINE} gives\n{expected}")


def outcome(arena: Arena, contestant: Contestant, workload: Workload, calls: int) -> Any:
    """Returns the answers of a few calls, and the tables afterwards."""
    if workload.writes:
        data.reset(arena.engine, arena.scale, calls)
    method = getattr(contestant, workload.method)
    with session_for(contestant, workload):
        answers = [workload.plain(arena.call(method, *workload.arguments(n, arena.scale))) for n in range(calls)]
    return answers, data.state(arena.engine) if workload.writes else None


def measure(
    arena: Arena, contestants: Sequence[Contestant], workload: Workload, *, repeats: int, seconds: float
) -> dict[str, list[float]]:
    """Returns, for each contestant, the median time of a call in microseconds in each repeat."""
    calls = calls_for(arena, contestants, workload, seconds)
    times: dict[str, list[float]] = {each.name: [] for each in contestants}
    for _ in range(repeats):
        for contestant in random.sample(contestants, len(contestants)):
            times[contestant.name].append(round(median(sample(arena, contestant, workload, calls)) / 1000, 3))
    return times


def calls_for(arena: Arena, contestants: Sequence[Contestant], workload: Workload, seconds: float) -> int:
    """Warms all contestants up, and returns how many calls of the baseline fill a sample."""
    taken = {each.name: median(sample(arena, each, workload, WARMING_CALLS)) for each in contestants}
    return min(max(int(seconds * 1e9 / taken[BASELINE]), FEWEST_CALLS), MOST_CALLS)


def sample(arena: Arena, contestant: Contestant, workload: Workload, calls: int) -> list[int]:
    """Returns the time of each call in nanoseconds."""
    if workload.writes:
        data.reset(arena.engine, arena.scale, calls)
    first = random.randrange(10_000) if not workload.writes else 0
    arguments = [workload.arguments(first + number, arena.scale) for number in range(calls)]
    method = getattr(contestant, workload.method)
    gc.collect()
    with session_for(contestant, workload):
        return list(arena.call(time_coroutines if iscoroutinefunction(method) else time_calls, method, arguments))


@contextmanager
def session_for(contestant: Contestant, workload: Workload) -> Iterator[None]:
    """Opens the session that the calls of a workload share, if they do."""
    if not (workload.in_session and isinstance(contestant, SyncContestant)):
        yield
        return
    contestant.begin_session()
    try:
        yield
    finally:
        contestant.end_session()


@contextmanager
def frozen() -> Iterator[None]:
    """Keeps the garbage collector away from what is there already, as a server may; what calls make is collected."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def time_calls(method: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[int]:
    """Times each call."""
    taken: list[int] = []
    for each in arguments:
        start = perf_counter_ns()
        method(*each)
        taken.append(perf_counter_ns() - start)
    return taken


async def time_coroutines(method: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> list[int]:
    """Times each call, awaited."""
    taken: list[int] = []
    for each in arguments:
        start = perf_counter_ns()
        await method(*each)
        taken.append(perf_counter_ns() - start)
    return taken
