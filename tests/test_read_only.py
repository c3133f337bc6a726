"""Read-only scopes: what they see, what they cost, what they refuse, and what the database refuses by itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, delete, event, exc, func, insert, inspect, literal, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from dalkit import InvalidArgumentError, ReadOnlySessionError
from tests.drivers import Kit
from tests.proxy import Proxy
from tests.seed_models.shop import START, Order, Tag, User, make_user

servers = pytest.mark.drivers("postgresql", "mariadb")
both_ways = pytest.mark.parametrize("read_only", [True, "snapshot"])


@pytest.fixture(params=["file or server", "memory"])
def base(request: pytest.FixtureRequest, kit: Kit, db: Any) -> Any:
    """A manager whose tables hold a user with an order and the tags one and two; SQLite also in memory."""
    if request.param == "memory":
        if kit.backend != "sqlite":
            pytest.skip("only SQLite has databases in memory")
        db = kit.manager(kit.url.set(database=":memory:"))
        kit.run(db.create_tables, Tag)
    kit.run(fill, db)
    return db


def fill(db: Any) -> None:
    with db.session_scope() as session:
        user = make_user("ada")
        session.add_all([Tag(name="one"), Tag(name="two"), user])
        session.add(Order(reference="first", placed_at=START, customer=user))


def add_tag(db: Any, name: str) -> None:
    """Adds a tag in a transaction of its own."""
    with db.session_scope() as session:
        session.add(Tag(name=name))


def names(session: Session) -> list[str]:
    return list(session.scalars(select(Tag.name).order_by(Tag.id)))


@contextmanager
def sent(engine: Engine) -> Iterator[list[str]]:
    """Collects what is handed to the driver: statements that something refused before are not among them."""
    found: list[str] = []

    def note(cursor: Any, statement: str, *rest: Any) -> None:
        found.append(statement)

    for name in ("do_execute", "do_executemany"):
        event.listen(engine, name, note)
    yield found
    for name in ("do_execute", "do_executemany"):
        event.remove(engine, name, note)


# What a scope sees


def test_each_statement_sees_what_is_committed_at_its_moment(kit: Kit, db: Any) -> None:
    add_tag(db, "one")
    with db.session_scope(read_only=True) as reader:
        assert names(reader) == ["one"]
        add_tag(db, "two")
        assert names(reader) == ["one", "two"]


def test_a_snapshot_sees_one_state(kit: Kit, db: Any) -> None:
    add_tag(db, "one")
    with db.session_scope(read_only="snapshot") as reader:
        assert names(reader) == ["one"]
        add_tag(db, "two")
        assert names(reader) == ["one"]
    with db.session_scope(read_only="snapshot") as reader:
        assert names(reader) == ["one", "two"]


def test_scopes_of_both_kinds_follow_each_other_on_one_connection(kit: Kit, db: Any) -> None:
    for _ in range(2):
        test_a_snapshot_sees_one_state(kit, db)
        db_is_empty(db)
        test_each_statement_sees_what_is_committed_at_its_moment(kit, db)
        db_is_empty(db)
    assert db.pool_status()["reader"].idle <= 1 + db.pool_status()["reader"].checked_out


def db_is_empty(db: Any) -> None:
    with db.session_scope() as session:
        session.execute(delete(Tag))


@both_ways
def test_entities_stay_readable_and_load_lazily_inside(kit: Kit, base: Any, read_only: Any) -> None:
    with base.session_scope(read_only=read_only) as reader:
        order = reader.scalars(select(Order)).one()
        assert order.customer.full_name == "Name of ada"
        assert [each.reference for each in order.customer.orders] == ["first"]
    assert (order.reference, order.customer.email) == ("first", "ada@shop.example")
    assert inspect(order).detached


@both_ways
def test_a_read_only_unit_of_work_reads_through_its_repositories(kit: Kit, base: Any, read_only: Any) -> None:
    with kit.unit(base, read_only=read_only, tags=Tag) as unit:
        assert unit.tags.count() == 2
        tags = unit.tags.find()
    assert sorted(tag.name for tag in tags) == ["one", "two"]


# What a scope costs


class Measured:
    """A manager behind a proxy, and the round trips of the blocks that it runs."""

    def __init__(self, kit: Kit, proxy: Proxy) -> None:
        self.proxy = proxy
        self.manager = kit.manager(proxy.url(kit.url))

    def read(self, times: int, read_only: Any) -> None:
        with self.manager.session_scope(read_only=read_only) as session:
            for _ in range(times):
                names(session)

    def cost(self, times: int, read_only: Any) -> int:
        """The round trips of a scope of `times` reads, once connections are pooled and statements prepared."""
        for _ in range(3):
            self.read(3, read_only)
        before = self.proxy.round_trips
        self.read(times, read_only)
        return self.proxy.round_trips - before


@pytest.fixture
def measured(kit: Kit, db: Any) -> Iterator[Measured]:
    assert kit.url.host is not None
    assert kit.url.port is not None
    with Proxy(kit.url.host, kit.url.port) as proxy:
        yield Measured(kit, proxy)
        kit.clean_up()


@servers
def test_a_scope_of_n_reads_costs_n_round_trips(kit: Kit, measured: Measured) -> None:
    assert [measured.cost(n, read_only=True) for n in (0, 1, 2, 5)] == [0, 1, 2, 5]


@servers
def test_a_scope_that_could_write_costs_three_more(kit: Kit, measured: Measured) -> None:
    """A ping, BEGIN and COMMIT."""
    assert [measured.cost(n, read_only=False) for n in (1, 5)] == [4, 8]


@servers
def test_what_a_snapshot_costs(kit: Kit, measured: Measured) -> None:
    assert [measured.cost(n, read_only="snapshot") for n in (1, 5)] == []
