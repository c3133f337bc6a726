"""Two tenants in one process, alternating, through every public method."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload, with_loader_criteria

from dalkit import Definition, OptionSet
from dalkit.errors import NotFoundError, OutOfScopeError
from tests.drivers import Kit
from tests.seed_models.shop import START, Country, Order, OrderStatus, Tag, User, UserStatus


class TenantTags(Definition[Tag]):
    """The color plays the tenant: a plain equality."""

    def __init__(self, session: Any, tenant: str) -> None:
        super().__init__(session)  # type: ignore[call-arg]
        self.tenant = tenant

    def scope(self) -> Sequence[Any]:
        return (Tag.color == self.tenant,)


class ListedTags(TenantTags):
    """The same rows by a criterion that only the database can check."""

    def scope(self) -> Sequence[Any]:
        return (Tag.color.in_([self.tenant]),)


class TenantUsers(Definition[User]):
    """A scope that reaches related entities too."""

    card = OptionSet(lambda: (selectinload(User.orders),))

    def __init__(self, session: Any, country: str) -> None:
        super().__init__(session)  # type: ignore[call-arg]
        self.country = country

    def scope(self) -> Sequence[Any]:
        prefix = self.country
        return (
            User.country_code == self.country,
            with_loader_criteria(Order, lambda cls: cls.reference.startswith(prefix)),
        )


either = pytest.mark.parametrize("spec", [TenantTags, ListedTags])


class Tenants:
    """Two tenants' repositories on one session; each tenant has three tags, of which the names tell whose they are."""

    def __init__(self, kit: Kit, session: Any, spec: type[Any]) -> None:
        self.session = session
        self.repositories = {tenant: kit.repository(spec, session, tenant) for tenant in ("red", "blue")}
        everything = kit.repository(Tag, session)
        tags = [Tag(name=f"{tenant}-{n}", color=tenant) for n in (1, 2, 3) for tenant in ("red", "blue")]
        everything.add_all(tags)
        session.flush()
        self.tags = {tenant: [tag for tag in tags if tag.color == tenant] for tenant in ("red", "blue")}

    def alternating(self) -> Iterator[tuple[Any, list[Tag], list[Tag]]]:
        """Each tenant in turn, twice: its repository, its tags, and those of the other."""
        for tenant, other in [("red", "blue"), ("blue", "red")] * 2:
            yield self.repositories[tenant], self.tags[tenant], self.tags[other]


@contextmanager
def tenants(kit: Kit, db: Any, spec: type[Any]) -> Iterator[Tenants]:
    with db.session_scope() as session:
        yield Tenants(kit, session, spec)
        session.rollback()


def names(tags: Any) -> list[str]:
    return sorted(tag.name for tag in tags)


@either
@pytest.mark.parametrize("loaded", [True, False], ids=["loaded", "not loaded"])
def test_reads_by_key_see_the_own_tenant_alone(kit: Kit, db: Any, spec: type[Any], loaded: bool) -> None:
    with tenants(kit, db, spec) as here:
        if not loaded:
            here.session.expire_all()
        for repository, own, foreign in here.alternating():
            keys = [tag.id for tag in own + foreign]
            assert repository.get(own[0].id) is own[0]
            assert repository.get(foreign[0].id) is None
            assert repository.get(foreign[0].id, with_for_update=True) is None
            with pytest.raises(NotFoundError):
                repository.get_one(foreign[0].id)
            assert repository.get_many(keys) == own


@either
def test_reads_by_criteria_see_the_own_tenant_alone(kit: Kit, db: Any, spec: type[Any]) -> None:
    with tenants(kit, db, spec) as here:
        for repository, own, foreign in here.alternating():
            assert names(repository.find()) == names(own)
            assert names(repository.find(order_by=Tag.name, limit=2)) == names(own)[:2]
            assert repository.first(order_by=Tag.name.desc()).name == names(own)[-1]
            assert repository.one_or_none(Tag.name == foreign[0].name) is None
            assert repository.one(Tag.name == own[0].name) is own[0]
            assert (repository.count(), repository.count(Tag.name == foreign[0].name)) == (3, 0)
            assert repository.exists(Tag.name == own[0].name)
            assert not repository.exists(Tag.name == foreign[0].name)
            page = repository.paginate(size=2)
            assert (page.total, names(page)) == (3, names(own)[:2])
            assert repository.paginate(page=9, size=2).total == 3


@either
def test_an_entity_of_another_tenant_cannot_be_written(kit: Kit, db: Any, spec: type[Any]) -> None:
    with tenants(kit, db, spec) as here:
        for repository, own, foreign in here.alternating():
            with pytest.raises(OutOfScopeError):
                repository.update(foreign[0], {"name": "stolen"})
            with pytest.raises(NotFoundError):
                repository.update(foreign[0].id, {"name": "stolen"})
            with pytest.raises(OutOfScopeError):
                repository.delete(foreign[0])
            with pytest.raises(NotFoundError):
                repository.delete(foreign[0].id)
            repository.update(own[0], {"name": own[0].name + "!"})
        here.session.flush()
        assert names(here.tags["red"]) == ["red-1!!", "red-2", "red-3"]
        assert here.session.scalar(select(Tag).where(Tag.name == "stolen")) is None


@either
def test_writes_by_criteria_hit_the_own_tenant_alone(kit: Kit, db: Any, spec: type[Any]) -> None:
    with tenants(kit, db, spec) as here:
        repository, own, foreign = next(here.alternating())
        assert repository.update_where(Tag.id == foreign[0].id, values={"name": "stolen"}) == 0
        assert repository.update_where(Tag.id == own[0].id, values={"name": "changed"}) == 1
        assert repository.delete_where(Tag.id == foreign[0].id) == 0
        assert repository.delete_where(everything=True) == 3
        assert names(here.session.scalars(select(Tag))) == names(foreign)


def test_new_entities_get_the_tenant_and_cannot_have_another(kit: Kit, db: Any) -> None:
    with tenants(kit, db, TenantTags) as here:
        for number, (repository, own, foreign) in enumerate(here.alternating()):
            added = repository.add(Tag(name=f"new {number}"))
            assert added.color == own[0].color
            with pytest.raises(OutOfScopeError):
                repository.add_all([Tag(name="fine"), Tag(name="x", color=foreign[0].color)])
            made, created = repository.get_or_create({"name": f"made {number}"})
            assert (made.color, created) == (own[0].color, True)


def test_values_that_leave_the_scope_are_refused(kit: Kit, db: Any) -> None:
    with tenants(kit, db, TenantTags) as here:
        for repository, own, foreign in here.alternating():
            for target in (own[0], own[0].id):
                with pytest.raises(OutOfScopeError):
                    repository.update(target, {"color": foreign[0].color})
            with pytest.raises(OutOfScopeError):
                repository.update_where(Tag.id == own[0].id, values={Tag.color: foreign[0].color})


@either
def test_an_update_by_key_of_a_row_that_is_not_loaded_keeps_to_the_tenant(kit: Kit, db: Any, spec: type[Any]) -> None:
    with tenants(kit, db, spec) as here:
        keys = {tenant: [tag.id for tag in tags] for tenant, tags in here.tags.items()}
        here.session.expunge_all()
        red = here.repositories["red"]
        assert red.update(keys["red"][0], {"name": "changed"}).name == "changed"
        with pytest.raises(NotFoundError):
            red.update(keys["blue"][0], {"name": "stolen"})


def test_a_scope_reaches_related_entities_by_loader_criteria(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        for code in ("A", "B"):
            user = User(email=code, full_name=code, status=UserStatus.ACTIVE, country=Country(code=code, name=code))
            session.add(user)
            for other in ("A", "B"):
                user.orders.append(Order(reference=f"{other}-{code}", status=OrderStatus.OPEN, placed_at=START))
        session.flush()
        session.expunge_all()
        for country in ("A", "B", "A"):
            users = kit.repository(TenantUsers, session, country)
            (user,) = users.find(options=TenantUsers.card)
            assert [order.reference for order in user.orders] == [f"{country}-{country}"]
            session.expunge_all()
        session.rollback()


class TenantBuyers(TenantUsers):
    """The same on a base_select of its own, so that counts go over a subquery."""

    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(User).where(User.id.in_(select(Order.customer_id)))


BUYS = {"in": User.id.in_(select(Order.customer_id))}
if not sqlalchemy.__version__.startswith("2.0."):  # which does not bring loader criteria into any() and has()
    BUYS["any"] = User.orders.any()


@pytest.mark.parametrize("buys", BUYS.values(), ids=BUYS)
def test_loader_criteria_of_a_scope_reach_exists_and_counts(kit: Kit, db: Any, buys: Any) -> None:
    with db.session_scope() as session:
        for code in ("A", "B"):
            user = User(email=code, full_name=code, status=UserStatus.ACTIVE, country=Country(code=code, name=code))
            user.orders = [Order(reference=f"A-{code}", status=OrderStatus.OPEN, placed_at=START)]
            session.add(user)
        session.flush()
        for country, expected in (("A", 1), ("B", 0), ("A", 1)):
            users, buyers = (kit.repository(spec, session, country) for spec in (TenantUsers, TenantBuyers))
            assert len(users.find(buys)) == users.count(buys) == expected
            assert users.exists(buys) == bool(expected)
            assert buyers.count() == len(buyers.find()) == expected
            assert buyers.paginate(page=5).total == expected
        session.rollback()


class RootCriteria(Definition[Tag]):
    """A scope that is said by loader criteria alone."""

    def scope(self) -> Sequence[Any]:
        return (with_loader_criteria(Tag, lambda cls: cls.color == "red"),)


def test_loader_criteria_on_the_root_guard_writes_too(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        red, blue = Tag(name="r", color="red"), Tag(name="b", color="blue")
        session.add_all([red, blue])
        session.flush()
        tags = kit.repository(RootCriteria, session)
        assert tags.get(blue.id) is None
        assert tags.update(red, {"name": "changed"}) is red
        for call in (lambda: tags.update(blue, {"name": "x"}), lambda: tags.delete(blue)):
            with pytest.raises(OutOfScopeError):
                call()
        with pytest.raises(NotFoundError):
            tags.update(blue.id, {"name": "x"})
        assert tags.update_where(everything=True, values={"name": "all"}) == 1
        assert tags.delete_where(everything=True) == 1
        assert session.scalars(select(Tag)).all() == [blue]
        session.rollback()
