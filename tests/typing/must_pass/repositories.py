"""Repositories: subclasses, generic bases of a user's own, definitions that both worlds share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar, assert_type
from uuid import UUID

import typing_extensions
from sqlalchemy import ColumnExpressionArgument, Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from dalkit import Definition, OptionSet, Page, Repository

from .models import Order, Translation, User

M = TypeVar("M")
K = typing_extensions.TypeVar("K", default=Any)


class ActiveUsers(Definition[User]):
    """One definition, for sync and async repositories."""

    card = OptionSet(lambda: (selectinload(User.orders),))

    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(cls.model).where(User.active)

    @classmethod
    def default_order(cls) -> Sequence[ColumnExpressionArgument[Any]]:
        return (User.joined_at.desc(), User.email)


class UserRepository(ActiveUsers, Repository[User]):
    """Adds methods of its own."""

    def by_email(self, email: str) -> User | None:
        return self.one_or_none(User.email == email)

    def search(self, text: str, *, page: int = 1) -> Page[User]:
        return self.paginate(User.email.contains(text), page=page, size=50, options=self.card)


class OrderRepository(Repository[Order, UUID]):
    """States the type of its keys, so that they are checked."""


class TenantRepository(Repository[M]):
    """A generic base of a user, whose scope belongs to the instance."""

    def __init__(self, session: Session, tenant_id: int) -> None:
        super().__init__(session)
        self.tenant_id = tenant_id

    def newest(self) -> M | None:
        return self.first()

    def all(self) -> list[M]:
        return self.find()


class TenantOrders(TenantRepository[Order]):
    """Binds the generic base."""

    def scope(self) -> Sequence[ColumnExpressionArgument[bool]]:
        return (Order.tenant_id == self.tenant_id,)


class Keyed(Repository[M, K], Generic[M, K]):
    """A generic base that leaves the key open, too."""

    def require(self, key: K) -> M:
        return self.get_one(key)


class KeyedOrders(Keyed[Order, UUID]):
    """Binds both."""


class KeyedUsers(Keyed[User]):
    """Binds the model; any key goes."""


def the_model_is_known_on_class_and_instance(users: UserRepository, orders: TenantOrders, keyed: KeyedOrders) -> None:
    assert_type(UserRepository.model, type[User])
    assert_type(users.model, type[User])
    assert_type(orders.model, type[Order])
    assert_type(KeyedOrders.model, type[Order])
    assert_type(keyed.model, type[Order])
    assert_type(UserRepository.max_page_size, int)


def reads_by_key(session: Session, users: UserRepository, orders: OrderRepository, key: UUID) -> None:
    assert_type(users.get(1), User | None)
    assert_type(users.get_one(1), User)
    assert_type(users.get_many([3, 1, 2]), list[User])
    assert_type(orders.get(key), Order | None)
    assert_type(orders.get_one(key), Order)
    assert_type(orders.get_many((key, key)), list[Order])
    translations = Repository[Translation, tuple[int, str]](session)
    assert_type(translations.get((1, "en")), Translation | None)
    assert_type(Repository[Translation](session).get({"product": 1, "language": "en"}), Translation | None)


def reads_by_criteria(users: UserRepository) -> None:
    assert_type(users.one(User.email == "a@b.c"), User)
    assert_type(users.one_or_none(User.email == "a@b.c"), User | None)
    assert_type(users.first(User.age > 18), User | None)
    assert_type(users.find(User.age > 18, User.active, limit=10), list[User])
    assert_type(users.count(), int)
    assert_type(users.exists(User.age.is_(None)), bool)
    page = users.paginate(User.active, page=2, size=10, total=False)
    assert_type(page, Page[User])
    assert_type(page.items, Sequence[User])
    assert_type([user.email for user in page], list[str])
    assert_type(page.total, int | None)
    assert_type(page.pages, int | None)
    assert_type(page.has_next, bool)
    assert_type(users.by_email("a@b.c"), User | None)
    assert_type(users.search("a", page=2), Page[User])


def every_legal_criterion(users: UserRepository, orders: OrderRepository, wanted: list[int]) -> None:
    users.find(User.active)
    users.find(User.adult)
    users.find(~User.active)
    users.find(~User.adult, User.age.between(18, 30))
    users.find((User.age > 18) | (User.email == "a@b.c"))
    users.find((User.age > 18) & ~(User.email == "a@b.c"))
    users.find(or_(User.active, User.adult), and_(User.active, User.age != 3))
    users.find(User.id.in_(wanted), User.id.not_in([1, 2]))
    users.find(User.email.like("a%"), User.email.icontains("a", autoescape=True))
    users.find(func.lower(User.email) == "a@b.c")
    users.find(User.orders.any())
    users.find(User.orders.any(Order.note.is_not(None)), ~User.orders.any())
    orders.find(Order.user.has(User.active))
    orders.find(Order.user.has(User.email == "a@b.c"))
    users.find(User.id.in_(select(Order.user_id)))
    users.find(select(Order.id).where(Order.user_id == User.id).exists())
    users.find(*[User.email == email for email in ("a", "b")])


def options_of_reads(users: UserRepository) -> None:
    users.get(1, options=UserRepository.card)
    users.get(1, with_for_update=True)
    users.get_one(1, options=selectinload(User.orders), with_for_update={"skip_locked": True})
    users.get_many([1], options=[users.card, joinedload(User.orders)])
    users.find(order_by=User.email)
    users.find(order_by=[User.age.desc().nulls_last(), User.email])
    users.find(order_by=(func.lower(User.email), User.id))
    users.find(User.active, order_by=User.age, options=(users.card,), with_for_update={"nowait": True, "of": User})
    users.first(order_by=User.joined_at.desc())
    users.one(User.id == 1, with_for_update={"read": True, "key_share": True})
    users.paginate(order_by=User.email, options=users.card)


def writes(users: UserRepository, orders: OrderRepository, key: UUID, user: User, changes: dict[str, int]) -> None:
    assert_type(users.add(User(email="a@b.c")), User)
    assert_type(users.add_all([user]), list[User])
    assert_type(users.add_all(User(email=email) for email in ("a", "b")), list[User])
    assert_type(users.update(user, {"age": 31}), User)
    assert_type(users.update(1, {User.age: 31}), User)
    assert_type(users.update(1, {User.age: 31, User.active: False}), User)
    assert_type(users.update(1, {User.age: User.age + 1}), User)
    assert_type(users.update(1, changes), User)
    assert_type(orders.update(key, {"note": None}), Order)
    users.delete(user)
    users.delete(1)
    orders.delete(key)
    assert_type(users.get_or_create({"email": "a@b.c"}), tuple[User, bool])
    assert_type(users.get_or_create({User.email: "a@b.c"}, defaults={"age": 30}), tuple[User, bool])
    assert_type(users.update_where(User.active, values={"age": 31}), int)
    assert_type(users.update_where(values={User.age: User.age + 1}, everything=True), int)
    assert_type(users.delete_where(~User.active), int)
    assert_type(users.delete_where(everything=True), int)


def generic_bases(session: Session, keyed: KeyedOrders, key: UUID) -> None:
    orders = TenantOrders(session, tenant_id=3)
    assert_type(orders.newest(), Order | None)
    assert_type(orders.all(), list[Order])
    assert_type(orders.find(Order.note == "x"), list[Order])
    assert_type(keyed.require(key), Order)
    assert_type(keyed.find(), list[Order])
    assert_type(KeyedUsers(session).require(1), User)
    assert_type(TenantRepository[User](session, 1).newest(), User | None)
    assert_type(Keyed[User, int](session).require(1), User)


def without_a_subclass(session: Session) -> None:
    users = Repository[User](session)
    assert_type(users, Repository[User, Any])
    assert_type(users.find(User.active), list[User])
    assert_type(Repository[User, int](session).get(1), User | None)


def over_any_repository(repository: Repository[M, int], keys: Sequence[int]) -> list[M]:
    return [each for key in keys if (each := repository.get(key)) is not None]


def a_function_over_repositories(session: Session) -> None:
    assert_type(over_any_repository(Repository[User, int](session), [1, 2]), list[User])
    assert_type(over_any_repository(UserRepository(session), [1, 2]), list[User])
