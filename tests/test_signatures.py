"""The async classes say what the sync ones say: the same methods, the same parameters, the same results."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from dalkit import DatabaseManager, Repository, UnitOfWork
from dalkit.aio import AsyncDatabaseManager, AsyncRepository, AsyncUnitOfWork

PAIRS: list[tuple[type, type]] = [
    (Repository, AsyncRepository),
    (UnitOfWork, AsyncUnitOfWork),
    (DatabaseManager, AsyncDatabaseManager),
]

ALONE: dict[str, str] = {
    "AsyncUnitOfWork.run_sync": "a sync unit is itself what services take",
    "AsyncUnitOfWork.service_unit": "makes the unit of run_sync",
}
"""What only one of the two has, and why."""


def members(cls: type) -> dict[str, Any]:
    return {
        name: inspect.getattr_static(cls, name) for name in dir(cls) if not name.startswith("_") or name == "__init__"
    }


def shared() -> list[Any]:
    return [
        pytest.param(members(sync)[name], members(twin)[name], id=f"{sync.__name__}.{name}")
        for sync, twin in PAIRS
        for name in sorted(members(sync).keys() & members(twin).keys())
    ]


def without_async(annotation: object) -> str:
    """`AsyncSession` is to the async class what `Session` is to the sync one."""
    return re.sub(r"\b(Async|async_)", "", str(annotation))


def described(function: Callable[..., Any]) -> list[tuple[object, ...]]:
    """What a caller sees of a function: its parameters, and what it gives."""
    signature = inspect.signature(function)
    parameters = [
        (each.name, each.kind, each.default, without_async(each.annotation)) for each in signature.parameters.values()
    ]
    return [*parameters, ("return", without_async(signature.return_annotation))]


def is_asynchronous(member: object) -> bool:
    function = inspect.unwrap(member) if callable(member) else member
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def described_member(member: Any) -> object:
    if isinstance(member, property):
        assert member.fget is not None
        return ["property", *described(member.fget)]
    if isinstance(member, classmethod):
        return ["classmethod", *described(member.__func__)]
    return described(member) if inspect.isfunction(member) else member


@pytest.mark.parametrize(("sync", "twin"), shared())
def test_a_method_has_the_same_parameters_and_result_in_both_worlds(sync: Any, twin: Any) -> None:
    assert described_member(sync) == described_member(twin)


@pytest.mark.parametrize(("sync", "twin"), PAIRS, ids=lambda cls: cls.__name__)
def test_a_method_that_only_one_world_has_gives_its_reason(sync: type, twin: type) -> None:
    only_sync = {f"{sync.__name__}.{name}" for name in members(sync).keys() - members(twin).keys()}
    only_async = {f"{twin.__name__}.{name}" for name in members(twin).keys() - members(sync).keys()}
    listed = {name for name in ALONE if name.partition(".")[0] in (sync.__name__, twin.__name__)}
    assert only_sync | only_async == listed


@pytest.mark.parametrize("twin", [twin for _, twin in PAIRS], ids=lambda cls: cls.__name__)
def test_no_async_method_can_be_overridden_since_the_core_would_not_notice(twin: type) -> None:
    own = {name: member for name, member in vars(twin).items() if not re.match(r"_(?!_)", name)}
    open_to_overriding = [
        name for name, member in own.items() if is_asynchronous(member) and not getattr(member, "__final__", False)
    ]
    assert open_to_overriding == []
