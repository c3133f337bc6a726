"""Mistakes in writing."""

from __future__ import annotations

from tests.typing.must_pass.models import Order, User
from tests.typing.must_pass.repositories import OrderRepository, UserRepository


def entities(users: UserRepository, orders: OrderRepository, user: User, order: Order) -> None:
    users.add(order)  # another model # mypy: arg-type; pyright: reportArgumentType
    users.add(User)  # the class # mypy: arg-type; pyright: reportArgumentType
    users.add({"email": "a@b.c"})  # no entity # mypy: arg-type; pyright: reportArgumentType
    users.add_all(user)  # one entity # mypy: arg-type; pyright: reportArgumentType
    users.add_all([order])  # another model # mypy: list-item; pyright: reportArgumentType
    added: Order = users.add(user)  # gives a user # mypy: assignment; pyright: reportAssignmentType
    orders.update(user, {"note": "x"})  # another model # mypy: arg-type; pyright: reportArgumentType
    orders.update(1, {"note": "x"})  # the key is a UUID # mypy: arg-type; pyright: reportArgumentType
    orders.delete(user)  # another model # mypy: arg-type; pyright: reportArgumentType
    orders.delete("x")  # the key is a UUID # mypy: arg-type; pyright: reportArgumentType
    users.update(entity=user, values={"age": 31})  # positional only # mypy: call-arg; pyright: reportCallIssue
    print(added)


def values(users: UserRepository) -> None:
    users.update(1)  # no values # mypy: call-arg; pyright: reportCallIssue
    users.update(1, 31)  # no mapping # mypy: arg-type; pyright: reportArgumentType
    users.update(1, age=31)  # keywords # mypy: call-arg; pyright: reportCallIssue
    users.update(1, [("age", 31)])  # pairs # mypy: arg-type; pyright: reportArgumentType
    users.update(1, {1: 31})  # neither a name nor an attribute # mypy: arg-type; pyright: reportArgumentType
    users.update_where(User.active)  # no values # mypy: call-arg; pyright: reportCallIssue
    users.update_where(User.active, {"age": 31})  # values are a keyword # mypy: call-arg; pyright: reportCallIssue
    users.update_where(User.active, values={User.age, 31})  # a set # mypy: arg-type; pyright: reportArgumentType
    users.get_or_create(email="a@b.c")  # keywords # mypy: call-arg; pyright: reportCallIssue
    users.get_or_create({"email": "a@b.c"}, default={})  # a misspelt keyword # mypy: call-arg; pyright: reportCallIssue
    users.get_or_create({"email": "a@b.c"}).email  # a pair # mypy: attr-defined; pyright: reportAttributeAccessIssue


def bounds(users: UserRepository, user: User) -> None:
    users.delete_where(user.age == 3)  # compares an instance # mypy: arg-type; pyright: reportArgumentType
    users.delete_where(True)  # a bool # mypy: arg-type; pyright: reportArgumentType
    users.delete_where(everything="yes")  # a bool is wanted # mypy: arg-type; pyright: reportArgumentType
    users.delete_where(User.active, evrything=True)  # a misspelt keyword # mypy: call-arg; pyright: reportCallIssue
    users.update_where(user.active, values={})  # the value of an instance # mypy: arg-type; pyright: reportArgumentType
    users.update_where(values={"age": 31}, all=True)  # a misspelt keyword # mypy: call-arg; pyright: reportCallIssue
    users.update_where(User.active, values={}).age  # a number # mypy: attr-defined; pyright: reportAttributeAccessIssue
