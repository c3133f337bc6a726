"""What is done: the method, its arguments from call to call, and what a right answer is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from . import data
from .data import Scale

COLUMNS = ("id", "email", "name", "city", "age", "active", "created_at")

Arguments = Callable[[int, Scale], tuple[Any, ...]]


@dataclass(frozen=True)
class Workload:
    """One kind of work.

    Attributes:
        method: The method of `Contestant`.
        title: What is done, in a few words; `{many}` stands for the size of lists.
        arguments: The arguments of call number n.
        plain: Turns an answer into what can be compared.
        in_session: Whether the calls of a sample share one open session.
        writes: Whether the tables must be put back after a sample.
    """

    method: str
    title: str
    arguments: Arguments
    plain: Callable[[Any], Any]
    in_session: bool = False
    writes: bool = False


def user(answer: Any) -> tuple[Any, ...]:
    """Returns the columns of a user, given as an entity or as a row."""
    values = tuple(answer) if isinstance(answer, Sequence) or not hasattr(answer, "email") else None
    values = values or tuple(getattr(answer, name) for name in COLUMNS)
    return (*values[:5], bool(values[5]), instant(values[6]))


def users(answer: Any) -> list[tuple[Any, ...]]:
    """Returns the columns of several users."""
    return [user(each) for each in answer]


def page(answer: Any) -> tuple[list[tuple[Any, ...]], int]:
    """Returns the users of a page, and the total."""
    items, total = answer
    return users(items), int(total)


def made_now(answer: Any) -> tuple[int, bool]:
    """Returns the key of a new row, and whether its time is that of the server just now."""
    key, created_at = answer
    age = abs((datetime.now(UTC) - instant(created_at)).total_seconds())
    return int(key), age < 60


def instant(value: Any) -> datetime:
    """Returns a point in time, from whatever a driver or SQLAlchemy makes of it; what has no zone is UTC."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def nothing(answer: Any) -> None:
    """Some work has no answer; the tables tell."""
    assert answer is None


def _key(number: int, scale: Scale) -> tuple[Any, ...]:
    return (1 + number * 7919 % scale.users,)


def _city_and_age(number: int, scale: Scale) -> tuple[Any, ...]:
    return data.city(number), 20 + number % 20


def _city_and_page(number: int, scale: Scale) -> tuple[Any, ...]:
    return data.city(number), 1 + number % 3


def _city(number: int, scale: Scale) -> tuple[Any, ...]:
    return (data.city(number),)


def _email(number: int, scale: Scale) -> tuple[Any, ...]:
    return (data.email(1 + number * 7919 % (2 * scale.users)),)


def _nothing(number: int, scale: Scale) -> tuple[Any, ...]:
    return ()


def _note(number: int, scale: Scale) -> tuple[Any, ...]:
    return 1 + number % scale.accounts, f"note {number}"


def _balance(number: int, scale: Scale) -> tuple[Any, ...]:
    return 1 + number % scale.accounts, 2000 + number


def _transfer(number: int, scale: Scale) -> tuple[Any, ...]:
    source, target = number % scale.accounts, (number + 1) % scale.accounts
    return 1 + source, 1 + target, 1 + number


def _bodies(number: int, scale: Scale) -> tuple[Any, ...]:
    return ([f"note {number} {each}" for each in range(scale.many)],)


WORKLOADS = (
    Workload("get", "`get` by key, in a scope of its own", _key, user),
    Workload("get_in_session", "`get` by key, in an open session that writes", _key, user, in_session=True),
    Workload("find", "2 criteria, order, limit 20, in a scope of its own", _city_and_age, users),
    Workload("find_in_session", "the same in an open session that writes", _city_and_age, users, in_session=True),
    Workload("first_page", "the first 20 in the default order", _nothing, users),
    Workload("list_many", "a list of {many}", _nothing, users),
    Workload("paginate", "a page of 20 with the total", _city_and_page, page),
    Workload("exists", "`exists`", _email, bool),
    Workload("count", "`count`", _city, int),
    Workload("insert", "insert one, commit, read key and default back", _note, made_now, writes=True),
    Workload("update", "update one by key, commit", _balance, nothing, writes=True),
    Workload("transfer", "unit of work: 3 loads, 2 updates, 1 delete, 2 inserts", _transfer, nothing, writes=True),
    Workload("add_many", "insert {many} entities", _bodies, nothing, writes=True),
)
