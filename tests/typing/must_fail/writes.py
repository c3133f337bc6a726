"""Mistakes in writing."""

from __future__ import annotations

from tests.typing.must_pass.models import Order, User
from tests.typing.must_pass.repositories import OrderRepository, UserRepository


def entities(users: UserRepository, orders: OrderRepository, user: User, order: Order) -> None:
    users.add(order)  # another model
    users.add(User)  # the class
    users.add({"email": "a@b.c"})  # no entity
    users.add_all(user)  # one entity
    users.add_all([order])  # another model
    added: Order = users.add(user)  # gives a user
    orders.update(user, {"note": "x"})  # another model, where the type of keys is given
    orders.update(1, {"note": "x"})  # the key is a UUID
    orders.delete(user)  # another model
    orders.delete("x")  # the key is a UUID
    users.update(entity=user, values={"age": 31})  # positional only
    print(added)


def values(users: UserRepository) -> None:
    users.update(1)  # no values
    users.update(1, 31)  # no mapping
    users.update(1, age=31)  # keywords
    users.update(1, [("age", 31)])  # pairs
    users.update(1, {1: 31})  # neither a name nor an attribute
    users.update_where(User.active)  # no values
    users.update_where(User.active, {"age": 31})  # values are a keyword
    users.update_where(User.active, values={User.age, 31})  # a set
    users.get_or_create(email="a@b.c")  # keywords
    users.get_or_create({"email": "a@b.c"}, default={"age": 3})  # a misspelt keyword
    users.get_or_create({"email": "a@b.c"}).email  # a pair


def bounds(users: UserRepository, user: User) -> None:
    users.delete_where(user.age == 3)  # compares an instance
    users.delete_where(True)  # a bool
    users.delete_where(everything="yes")  # a bool is wanted
    users.delete_where(User.active, evrything=True)  # a misspelt keyword
    users.update_where(user.active, values={"age": 31})  # the value of an instance
    users.update_where(values={"age": 31}, all=True)  # a misspelt keyword
    users.update_where(User.active, values={"age": 31}).age  # a number
