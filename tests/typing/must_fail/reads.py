"""Mistakes in reading."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from dalkit import Repository
from tests.typing.must_pass.models import Translation, User
from tests.typing.must_pass.other_models import Hero, HeroRepository, Vessel
from tests.typing.must_pass.repositories import KeyedOrders, OrderRepository, TenantOrders, UserRepository


def results(users: UserRepository, keyed: KeyedOrders, key: UUID) -> None:
    users.get(1).email  # the row may be missing # mypy: union-attr; pyright: reportOptionalMemberAccess
    users.first().email  # there may be no row # mypy: union-attr; pyright: reportOptionalMemberAccess
    users.by_email("a@b.c").email  # there may be no row # mypy: union-attr; pyright: reportOptionalMemberAccess
    user: User = users.one_or_none(User.id == 1)  # may be missing # mypy: assignment; pyright: reportAssignmentType
    users.get_one(1).emial  # a misspelt attribute # mypy: attr-defined; pyright: reportAttributeAccessIssue
    users.find().email  # a list has no such attribute # mypy: attr-defined; pyright: reportAttributeAccessIssue
    emails: list[str] = users.find()  # these are users # mypy: assignment; pyright: reportAssignmentType
    for each in users.paginate():
        each.emial  # a misspelt attribute # mypy: attr-defined; pyright: reportAttributeAccessIssue
    users.paginate().total + 1  # the total may not have been asked for # mypy: operator; pyright: reportOptionalOperand
    users.paginate().items.append(users.get_one(1))  # mypy: attr-defined; pyright: reportAttributeAccessIssue
    users.exists().email  # this is a bool # mypy: attr-defined; pyright: reportAttributeAccessIssue
    keyed.require(key).emial  # a misspelt attribute # mypy: attr-defined; pyright: reportAttributeAccessIssue
    users.model.emial  # a misspelt attribute # mypy: attr-defined; pyright: reportAttributeAccessIssue
    wrong: type[Vessel] = UserRepository.model  # is for users # mypy: arg-type; pyright: reportAssignmentType
    print(user, emails, wrong)


def names(users: UserRepository) -> None:
    users.fnd(User.active)  # a misspelt method # mypy: attr-defined; pyright: reportAttributeAccessIssue
    users.find(User.active, limt=3)  # a misspelt keyword # mypy: call-arg; pyright: reportCallIssue
    users.find(User.active, oder_by=User.email)  # a misspelt option # mypy: call-arg; pyright: reportCallIssue
    users.get(1, optons=UserRepository.card)  # a misspelt option # mypy: call-arg; pyright: reportCallIssue
    users.find(options=users.crad)  # a misspelt set # mypy: attr-defined; pyright: reportAttributeAccessIssue
    users.get(1, order_by=User.email)  # one row has no order # mypy: call-arg; pyright: reportCallIssue
    users.count(order_by=User.email)  # a number has no order # mypy: call-arg; pyright: reportCallIssue
    users.paginate(limit=3)  # a page has a size # mypy: call-arg; pyright: reportCallIssue
    users.get(key=1)  # positional only # mypy: call-arg; pyright: reportCallIssue


def criteria(users: UserRepository, heroes: HeroRepository, user: User) -> None:
    users.find(True)  # a bool # mypy: arg-type; pyright: reportArgumentType
    users.find(user.age == 3)  # compares an instance # mypy: arg-type; pyright: reportArgumentType
    users.find(user.active)  # the value of an instance # mypy: arg-type; pyright: reportArgumentType
    users.find(not User.active)  # Python's not # mypy: arg-type; pyright: reportArgumentType
    users.find(User.email)  # a column that is no boolean # mypy: arg-type; pyright: reportArgumentType
    users.find(User.orders)  # a relationship # mypy: arg-type; pyright: reportArgumentType
    users.find("age > 3")  # a string # mypy: arg-type; pyright: reportArgumentType
    users.find([User.active])  # a list # mypy: arg-type; pyright: reportArgumentType
    users.find({"active": True})  # a mapping # mypy: arg-type; pyright: reportArgumentType
    users.count(user.age == 3)  # compares an instance # mypy: arg-type; pyright: reportArgumentType
    users.exists(User.email)  # a column that is no boolean # mypy: arg-type; pyright: reportArgumentType
    users.paginate(user.active)  # the value of an instance # mypy: arg-type; pyright: reportArgumentType
    users.one(None)  # no criterion # mypy: arg-type; pyright: reportArgumentType
    heroes.find(Hero.name == "x")  # a bool to checkers: col(Hero.name) # mypy: arg-type; pyright: reportArgumentType


def keys(session: Session, orders: OrderRepository, keyed: KeyedOrders, tenant: TenantOrders) -> None:
    Repository[User, int](session).get("1")  # the key is an int # mypy: arg-type; pyright: reportArgumentType
    orders.get(1)  # the key is a UUID # mypy: arg-type; pyright: reportArgumentType
    orders.get_one("x")  # the key is a UUID # mypy: arg-type; pyright: reportArgumentType
    orders.get_many([1, 2])  # the keys are UUIDs # mypy: list-item; pyright: reportArgumentType
    orders.get_many(UUID(int=1))  # several keys # mypy: arg-type; pyright: reportArgumentType
    keyed.require(1)  # the key is a UUID # mypy: arg-type; pyright: reportArgumentType
    Repository[Translation, tuple[int, str]](session).get((1,))  # a pair # mypy: arg-type; pyright: reportArgumentType
    tenant.find(limit="3")  # a number # mypy: arg-type; pyright: reportArgumentType
    TenantOrders(session)  # whose tenant? # mypy: call-arg; pyright: reportCallIssue


def options(users: UserRepository) -> None:
    users.find(order_by="email")  # a string # mypy: arg-type; pyright: reportArgumentType
    users.find(order_by=[User.email, 3])  # a number # mypy: list-item; pyright: reportArgumentType
    users.get(1, options="orders")  # a string # mypy: arg-type; pyright: reportArgumentType
    users.find(options=User.orders)  # a relationship, not how to load it # mypy: arg-type; pyright: reportArgumentType
    users.get(1, with_for_update=False)  # leave it out # mypy: arg-type; pyright: reportArgumentType
    users.get(1, with_for_update="nowait")  # a mapping # mypy: arg-type; pyright: reportArgumentType
    users.get(1, with_for_update={"nowat": True})  # a misspelt lock # mypy: arg-type; pyright: reportArgumentType
    users.find(limit=User.id)  # a number # mypy: arg-type; pyright: reportArgumentType
    users.paginate(page="2")  # a number # mypy: arg-type; pyright: reportArgumentType
    users.paginate(total="no")  # a bool # mypy: arg-type; pyright: reportArgumentType
