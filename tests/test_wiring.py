"""How the annotations of a unit of work become repositories.

This module has no `from __future__ import annotations`: here annotations are classes, unless they are written as text.
"""

import asyncio
import typing
from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, TypeVar

import pytest
from sqlalchemy.ext.asyncio import async_sessionmaker
from sqlalchemy.orm import Session, sessionmaker

from dalkit import ConfigurationError, Repository, UnitOfWork, UnitOfWorkError, repository
from dalkit.aio import AsyncRepository, AsyncUnitOfWork
from tests.seed_models.shop import Group, Tag, User

M = TypeVar("M")


class Users(Repository[User]):
    pass


class ActiveUsers(Users):
    pass


class Shop(UnitOfWork):
    users: Users
    tags: Repository[Tag]
    text: "Users"
    text_in_brackets: "Repository[Tag]"
    brackets_around_text: Repository["Group"]
    later: "Later"
    later_model: Repository["LaterModel"]


class AsyncUsers(AsyncRepository[User]):
    pass


class AsyncShop(AsyncUnitOfWork[Shop]):
    users: AsyncUsers
    tags: AsyncRepository[Tag]
    text: "AsyncUsers"
    text_in_brackets: "AsyncRepository[Tag]"
    brackets_around_text: AsyncRepository["Group"]
    later: "AsyncLater"
    later_model: AsyncRepository["LaterModel"]


class Later(Repository[Group]):
    pass


class AsyncLater(AsyncRepository[Group]):
    pass


LaterModel = Group


def look(unit_class: type[Any], work: Callable[[Any], Any]) -> Any:
    """Returns what `work` says of a running unit."""

    async def run() -> Any:
        async with unit_class(async_sessionmaker()) as unit:
            return work(unit)

    if issubclass(unit_class, AsyncUnitOfWork):
        return asyncio.run(run())
    with unit_class(sessionmaker()) as unit:
        return work(unit)


MODELS = {
    "users": User,
    "tags": Tag,
    "text": User,
    "text_in_brackets": Tag,
    "brackets_around_text": Group,
    "later": Group,
    "later_model": Group,
}


@pytest.mark.parametrize("unit_class", [Shop, AsyncShop])
@pytest.mark.parametrize("name", MODELS)
def test_every_kind_of_annotation_is_wired(unit_class: type[Any], name: str) -> None:
    def work(unit: Any) -> Any:
        made = getattr(unit, name)
        assert made.session is unit.session
        assert getattr(unit, name) is made
        return made.model

    assert look(unit_class, work) is MODELS[name]


def test_a_repository_belongs_to_its_unit() -> None:
    first, second = Shop(sessionmaker()), Shop(sessionmaker())
    with first, second:
        assert first.users is not second.users
        assert first.users.session is not second.users.session


def test_a_class_that_is_local_is_wired_by_its_annotation_if_that_is_no_text() -> None:
    class Local(Repository[Tag]):
        pass

    class Unit(UnitOfWork):
        local: Local

    assert isinstance(look(Unit, lambda unit: unit.local), Local)


@pytest.mark.parametrize("base", [UnitOfWork, AsyncUnitOfWork])
def test_a_class_that_is_local_is_wired_by_repository(base: type[Any]) -> None:
    class Local(Repository[Tag]):
        pass

    unit_class = type("Unit", (base,), {"local": repository(Local)})
    assert look(unit_class, lambda unit: isinstance(unit.local, Local) and unit.local is unit.local)


def test_any_function_from_a_session_is_wired_by_repository() -> None:
    class Unit(UnitOfWork):
        sessions = repository(lambda session: [session])

    unit = Unit(sessionmaker())
    with unit:
        kept = unit.sessions
        assert kept == [unit.session]
        assert unit.sessions is kept
    with pytest.raises(UnitOfWorkError, match="has been left"):
        _ = unit.sessions


class TenantUsers(Repository[User]):
    def __init__(self, session: Session, tenant: str) -> None:
        super().__init__(session)
        self.tenant = tenant


def test_a_repository_that_wants_more_is_a_cached_property() -> None:
    class Unit(UnitOfWork):
        @cached_property
        def users(self) -> TenantUsers:
            return TenantUsers(self.session, "acme")

    unit = Unit(sessionmaker())
    with unit:
        assert unit.users is unit.users
        assert unit.users.tenant == "acme"
    with pytest.raises(UnitOfWorkError, match="has been left"):
        _ = unit.users


# Inheritance


class BiggerShop(Shop):
    users: ActiveUsers
    groups: Repository[Group]


class Warehouse(UnitOfWork):
    groups: Repository[Group]


class Everything(Shop, Warehouse):
    pass


def test_a_unit_inherits_wires_and_adds_its_own() -> None:
    assert look(BiggerShop, lambda unit: (unit.tags.model, unit.groups.model)) == (Tag, Group)
    assert look(Everything, lambda unit: (unit.users.model, unit.groups.model)) == (User, Group)


def test_an_annotation_overrides_an_inherited_wire() -> None:
    assert look(BiggerShop, lambda unit: type(unit.users)) is ActiveUsers
    assert look(Shop, lambda unit: type(unit.users)) is Users


def test_a_value_overrides_an_inherited_wire() -> None:
    class Explicit(Shop):
        users = repository(ActiveUsers)

    class Fixed(Shop):
        users = None  # type: ignore[assignment]

    assert look(Explicit, lambda unit: type(unit.users)) is ActiveUsers
    assert look(Fixed, lambda unit: unit.users) is None


# What is left alone


class Settings(UnitOfWork):
    users: Users
    count: ClassVar[int] = 3
    open_count: ClassVar[int]
    text_count: "ClassVar[int]" = 4
    qualified_count: "typing.ClassVar[int]" = 5
    size: int = 6
    tenant: str
    maybe: Users | None

    def __init__(self, source: Any) -> None:
        super().__init__(source)
        self.tenant = "acme"


def test_class_variables_values_and_other_attributes_are_left_alone() -> None:
    assert (Settings.count, Settings.text_count, Settings.qualified_count, Settings.size) == (3, 4, 5, 6)
    assert "open_count" not in vars(Settings)
    assert look(Settings, lambda unit: (unit.tenant, unit.size, unit.users.model)) == ("acme", 6, User)


def test_an_attribute_without_a_value_says_that_its_annotation_is_no_repository() -> None:
    with pytest.raises(AttributeError, match=r"Settings\.maybe has no value, and its annotation is no repository"):
        look(Settings, lambda unit: unit.maybe)
    assert look(Settings, lambda unit: not hasattr(unit, "maybe"))


def test_a_unit_keeps_what_is_not_a_repository_after_it_was_left() -> None:
    unit = Settings(sessionmaker())
    with unit:
        pass
    assert unit.tenant == "acme"


# What is refused


def test_an_annotation_that_cannot_be_resolved_raises_on_use_alone() -> None:
    class Unit(UnitOfWork):
        users: Users
        missing: "NoSuchRepository"  # type: ignore[name-defined]  # noqa: F821

    assert look(Unit, lambda unit: unit.users.model) is User
    with pytest.raises(ConfigurationError) as caught:
        look(Unit, lambda unit: unit.missing)
    assert str(caught.value) == (
        "the annotation 'NoSuchRepository' of Unit.missing cannot be resolved "
        "(name 'NoSuchRepository' is not defined); "
        "for a class local to a function write missing = repository(NoSuchRepository)"
    )


MEMBERS = [
    "session",
    "flush",
    "rollback",
    "savepoint",
    "before_commit",
    "after_commit",
    "after_rollback",
    "_session",
    "_source",
    "_hooks",
]


@pytest.mark.parametrize("base", [UnitOfWork, AsyncUnitOfWork])
@pytest.mark.parametrize("name", MEMBERS)
def test_a_name_that_shadows_a_member_is_refused(base: type[Any], name: str) -> None:
    for body in ({"__annotations__": {name: Users}}, {name: repository(Users)}):
        with pytest.raises(ConfigurationError, match=rf"Unit\.{name} shadows a member of the unit of work; rename it"):
            type("Unit", (base,), {"__module__": __name__, **body})


@pytest.mark.parametrize("name", ["run_sync", "service_unit"])
def test_a_name_that_shadows_a_member_of_the_asynchronous_unit_is_refused_there(name: str) -> None:
    body = {"__module__": __name__, "__annotations__": {name: Users}}
    with pytest.raises(ConfigurationError, match=name):
        type("Unit", (AsyncUnitOfWork,), dict(body))
    assert look(type("Unit", (UnitOfWork,), dict(body)), lambda unit: getattr(unit, name).model) is User


def test_a_repository_before_the_unit_is_entered_raises() -> None:
    with pytest.raises(UnitOfWorkError, match="Shop has not been entered"):
        _ = Shop(sessionmaker()).users
