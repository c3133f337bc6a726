"""Mistakes in reading."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from dalkit import Repository
from tests.typing.must_pass.models import Translation, User
from tests.typing.must_pass.other_models import Hero, HeroRepository, Vessel
from tests.typing.must_pass.repositories import KeyedOrders, OrderRepository, TenantOrders, UserRepository


def results(users: UserRepository, keyed: KeyedOrders, key: UUID) -> None:
    users.get(1).email  # the row may be missing
    users.first().email  # there may be no row
    users.by_email("a@b.c").email  # there may be no row
    user: User = users.one_or_none(User.id == 1)  # there may be no row
    users.get_one(1).emial  # a misspelt attribute
    users.find().email  # a list has no such attribute
    emails: list[str] = users.find()  # these are users
    for each in users.paginate():
        each.emial  # a misspelt attribute
    users.paginate().total + 1  # the total may not have been asked for
    users.paginate().items.append(users.get_one(1))  # a page is not changed
    users.exists().email  # this is a bool
    keyed.require(key).emial  # a misspelt attribute
    users.model.emial  # a misspelt attribute
    wrong: type[Vessel] = UserRepository.model  # the repository is for users
    print(user, emails, wrong)


def names(users: UserRepository) -> None:
    users.fnd(User.active)  # a misspelt method
    users.find(User.active, limt=3)  # a misspelt keyword
    users.find(User.active, oder_by=User.email)  # a misspelt option
    users.get(1, optons=UserRepository.card)  # a misspelt option
    users.find(options=UserRepository.crad)  # a misspelt option set
    users.get(1, order_by=User.email)  # one row has no order
    users.count(order_by=User.email)  # a number has no order
    users.paginate(limit=3)  # a page has a size
    users.get(key=1)  # positional only


def criteria(users: UserRepository, heroes: HeroRepository, user: User) -> None:
    users.find(True)  # a bool
    users.find(user.age == 3)  # compares an instance
    users.find(user.active)  # the value of an instance
    users.find(not User.active)  # Python's not
    users.find(User.email)  # a column that is no boolean
    users.find(User.orders)  # a relationship
    users.find("age > 3")  # a string
    users.find([User.active])  # a list
    users.find({"active": True})  # a mapping
    users.count(user.age == 3)  # compares an instance
    users.exists(User.email)  # a column that is no boolean
    users.paginate(user.active)  # the value of an instance
    users.one(None)  # no criterion
    heroes.find(Hero.name == "x")  # a bool to checkers: col(Hero.name)


def keys(session: Session, orders: OrderRepository, keyed: KeyedOrders, tenant: TenantOrders) -> None:
    Repository[User, int](session).get("1")  # the key is an int
    orders.get(1)  # the key is a UUID
    orders.get_one("x")  # the key is a UUID
    orders.get_many([1, 2])  # the keys are UUIDs
    orders.get_many(UUID(int=1))  # several keys
    keyed.require(1)  # the key is a UUID
    Repository[Translation, tuple[int, str]](session).get((1,))  # the key has two parts
    tenant.find(limit="3")  # a number
    TenantOrders(session)  # whose tenant?


def options(users: UserRepository) -> None:
    users.find(order_by="email")  # a string
    users.find(order_by=[User.email, 3])  # a number
    users.get(1, options="orders")  # a string
    users.find(options=User.orders)  # a relationship, not how to load it
    users.get(1, with_for_update=False)  # leave it out
    users.get(1, with_for_update="nowait")  # a mapping
    users.get(1, with_for_update={"nowat": True})  # a misspelt lock
    users.find(limit=User.id)  # a number
    users.paginate(page="2")  # a number
    users.paginate(total="no")  # a bool
