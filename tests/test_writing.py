"""Writes: what they change, what they leave alone, and how they meet other transactions."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import Select, func, inspect, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import lazyload
from sqlalchemy.orm.exc import StaleDataError

from dalkit import Definition
from dalkit.errors import InvalidArgumentError, NotFoundError
from tests.drivers import Kit
from tests.seed_models import SAMPLES
from tests.seed_models.inheritance import Car, Cat, Dog, ElectricCar, Engineer, Manager, Person, Vehicle
from tests.seed_models.shop import (
    START,
    Article,
    Coupon,
    Document,
    Order,
    OrderItem,
    OrderStatus,
    Product,
    Stock,
    Tag,
    User,
    UserStatus,
)


def engineers() -> list[Any]:
    return [Engineer(name=name, language="ada") for name in ("a", "b", "c")]


@pytest.mark.parametrize("load", [True, False], ids=["loaded", "not loaded"])
def test_an_update_of_a_joined_class_by_its_parents_column_hits_the_matching_rows_alone(
    kit: Kit, db: Any, load: bool
) -> None:
    with db.session_scope() as session:
        repository = kit.repository(Engineer, session)
        people = repository.add_all(engineers())
        session.flush()
        if not load:
            session.expunge_all()
        changes = {"language": "zig", Engineer.name: "changed"}
        assert repository.update_where(Engineer.name == "a", values=changes) == 1
        if load:
            assert [(each.name, each.language) for each in people] == [("changed", "zig"), ("b", "ada"), ("c", "ada")]
        session.expunge_all()
        found = repository.find(order_by=Engineer.id)
        assert [(each.name, each.language) for each in found] == [("changed", "zig"), ("b", "ada"), ("c", "ada")]
        session.rollback()


@pytest.mark.parametrize("model", [Engineer, Person])
def test_a_delete_of_a_joined_class_removes_every_part_of_the_matching_rows_alone(
    kit: Kit, db: Any, model: type[Any]
) -> None:
    with db.session_scope() as session:
        kit.repository(Person, session).add_all([*engineers(), SAMPLES[Manager].make(1)])
        session.flush()
        kept = kit.repository(Person, session).one(Person.name == "b")
        gone = kit.repository(Person, session).one(Person.name == "a")
        repository = kit.repository(model, session)
        assert repository.delete_where(model.name == "a") == 1
        assert kept in session
        assert gone not in session
        for table, rows in ((Person.__table__, 3), (Engineer.__table__, 2), (Manager.__table__, 1)):
            assert session.scalar(select(func.count()).select_from(table)) == rows
        assert repository.delete_where(everything=True) == (2 if model is Engineer else 3)
        assert kit.repository(Person, session).count() == (1 if model is Engineer else 0)
        session.rollback()


def test_three_levels_of_tables_are_written_as_one_row(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        for model in (Vehicle, Car, ElectricCar):
            kit.repository(model, session).add_all([SAMPLES[model].make(n) for n in (1, 2)])
        session.flush()
        session.expunge_all()
        cars = kit.repository(ElectricCar, session)
        first = cars.first(options=lazyload("*"))
        for model in (Vehicle, Car, ElectricCar):
            name, value = SAMPLES[model].column, SAMPLES[model].values[0]
            assert cars.update_where(ElectricCar.car_id == first.car_id, values={name: value}) == 1
            assert getattr(first, name) == value
        assert kit.repository(Vehicle, session).delete_where(everything=True) == 6
        for model in (Vehicle, Car, ElectricCar):
            assert session.scalar(select(func.count()).select_from(model.__table__)) == 0
        session.rollback()


def test_a_single_table_class_writes_its_own_rows_alone(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        for model in (Cat, Dog):
            kit.repository(model, session).add_all([SAMPLES[model].make(n) for n in (1, 2)])
        session.flush()
        column = SAMPLES[Cat].column
        cats = kit.repository(Cat, session)
        assert cats.update_where(everything=True, values={column: SAMPLES[Cat].values[0]}) == 2
        assert cats.delete_where(everything=True) == 2
        assert kit.repository(Dog, session).count() == 2
        session.rollback()


class Drafts(Definition[Article]):
    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(Article).where(Article.published_at.is_(None))


class Bought(Definition[Product]):
    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(Product).join(OrderItem, OrderItem.product_id == Product.id).distinct()


def test_writes_keep_to_the_rows_of_base_select(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        articles = kit.repository(Article, session)
        draft, published = articles.add_all(
            [Article(title="d", body="x"), Article(title="p", body="x", published_at=START)]
        )
        session.flush()
        drafts = kit.repository(Drafts, session)
        assert drafts.get(published.id) is None
        with pytest.raises(NotFoundError):
            drafts.update(published.id, {"title": "changed"})
        assert drafts.update(draft.id, {"title": "changed"}) is draft
        assert drafts.update_where(everything=True, values={"rating": 5}) == 1
        assert (draft.rating, published.rating) == (5, None)
        assert drafts.delete_where(everything=True) == 1
        assert [each.title for each in articles.find()] == ["p"]
        session.rollback()


def test_writes_by_criteria_keep_to_the_rows_of_a_base_select_with_a_join(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        bought, idle = Product(name="b", price=1), Product(name="i", price=1)
        customer = User(email="u", full_name="u", status=UserStatus.ACTIVE)
        order = Order(reference="r", status=OrderStatus.OPEN, placed_at=START, customer=customer)
        order.items = [OrderItem(product=bought, quantity=1, unit_price=1, position=1)]
        session.add_all([order, idle])
        session.flush()
        repository = kit.repository(Bought, session)
        assert repository.update_where(everything=True, values={"name": "changed"}) == 1
        assert (bought.name, idle.name) == ("changed", "i")
        session.rollback()


def test_sql_expressions_are_values(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        stocks = kit.repository(Stock, session)
        first, second = stocks.add_all([Stock(shelf="a", quantity=1), Stock(shelf="b", quantity=2)])
        session.flush()
        assert stocks.update_where(Stock.quantity > 1, values={Stock.quantity: Stock.quantity + 10}) == 1
        assert (first.quantity, second.quantity) == (1, 12)
        stocks.update(first, {"quantity": Stock.quantity + 5})
        assert inspect(first).dict["quantity"] == 6
        tags = kit.repository(Tag, session)
        tag = tags.add(Tag(name="a", color="red"))
        session.flush()
        session.expunge_all()
        assert tags.update(tag.id, {Tag.color: func.upper(Tag.color)}).color == "RED"
        session.rollback()


def test_a_version_goes_up_with_writes_by_criteria(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        stock = kit.repository(Stock, session).add(Stock(shelf="a", quantity=1))
    with db.session_scope() as first:
        stale = kit.repository(Stock, first).get_one(stock.id)
        first.commit()
        with db.session_scope() as second:
            assert kit.repository(Stock, second).update_where(Stock.shelf == "a", values={"quantity": 9}) == 1
        stale.quantity = 5
        with pytest.raises(StaleDataError):
            first.flush()
        first.rollback()


def test_validators_and_events_hear_of_single_updates(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        coupon = kit.repository(Coupon, session).add(Coupon(code="x", percent=5))
        document = kit.repository(Document, session).add(Document(title="t", properties={"a": 1}))
        session.flush()
        session.expunge_all()
        with pytest.raises(ValueError, match="percent"):
            kit.repository(Coupon, session).update(coupon.id, {"percent": 500})
        assert kit.repository(Coupon, session).update(coupon.id, {"code": " y "}).code == "Y"
        changed = kit.repository(Document, session).update(document.id, {"title": "changed"})
        session.flush()
        assert changed.edits == 1
        session.rollback()


def test_pending_changes_are_flushed_before_rows_are_written_by_criteria(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        tags = kit.repository(Tag, session)
        tag = tags.add(Tag(name="a", color="red"))
        with session.no_autoflush:
            assert tags.update_where(Tag.name == "a", values={"color": "blue"}) == 1
            assert tag.color == "blue"
            tag.name = "b"
            assert tags.delete_where(Tag.name == "b") == 1
        session.rollback()


def test_a_failed_add_adds_nothing(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        with pytest.raises(InvalidArgumentError):
            kit.repository(Tag, session).add_all([Tag(name="a"), User()])
        assert not session.new


def test_get_or_create_raises_when_another_constraint_stands_in_the_way(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        tags = kit.repository(Tag, session)
        tags.add(Tag(name="a", color="red"))
        session.flush()
        with pytest.raises(IntegrityError):
            tags.get_or_create({"color": "blue"}, defaults={"name": "a"})
        assert tags.count() == 1
        session.rollback()


@pytest.mark.drivers("pysqlite", "psycopg", "pymysql")
def test_get_or_create_makes_one_row_for_sixteen_threads(kit: Kit, db: Any) -> None:
    together, results = threading.Barrier(16), []

    def work() -> None:
        together.wait()
        with db.session_scope() as session:
            results.append(kit.repository(Tag, session).get_or_create({"name": "wanted"}, defaults={"color": "red"}))

    manager_threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in manager_threads:
        thread.start()
    for thread in manager_threads:
        thread.join()
    assert sum(created for _, created in results) == 1
    assert len({tag.id for tag, _ in results}) == 1
    with db.session_scope() as session:
        assert kit.repository(Tag, session).count() == 1
