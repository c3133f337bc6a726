"""How often a call goes to the server and back, which no machine makes faster: counted by a proxy in between."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from tests.proxy import Proxy

from . import data
from .contestants.base import Contestant
from .targets import Arena
from .timing import WARMING_CALLS
from .workloads import Workload

COUNTED = ("get", "find", "insert", "transfer")
CALLS = 3


def count(arena: Arena, workloads: Sequence[Workload]) -> dict[tuple[str, str], int]:
    """Returns the round trips of one call by workload and contestant, once connections and statements are warm."""
    chosen = [workload for workload in workloads if workload.method in COUNTED]
    with Proxy(arena.url.host or "", arena.url.port or 0) as proxy, arena.contestants(proxy.url(arena.url)) as all_:
        return {
            (workload.method, each.name): count_one(arena, proxy, each, workload)
            for workload in chosen
            for each in all_
        }


def count_one(arena: Arena, proxy: Proxy, contestant: Contestant, workload: Workload) -> int:
    """Returns the median of a few calls."""
    if workload.writes:
        data.reset(arena.engine, arena.scale, WARMING_CALLS + CALLS)
    counted: list[int] = []
    for number in range(WARMING_CALLS + CALLS):
        before = proxy.round_trips
        arena.call(getattr(contestant, workload.method), *workload.arguments(number, arena.scale))
        counted.append(proxy.round_trips - before)
    return int(median(counted[WARMING_CALLS:]))
