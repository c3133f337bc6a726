"""The numbers of docs/explanation/statements.md, each proved on every driver."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from dalkit import Definition, OptionSet
from tests.drivers import Kit
from tests.seed_models.inheritance import Engineer
from tests.seed_models.shop import Country, Coupon, Group, Stock, Tag

PAGE = Path(__file__).parent.parent / "docs" / "explanation" / "statements.md"
COLUMNS = {"sqlite": 0, "postgresql": 1, "mariadb": 2}
Call = Callable[[], object]
Scenario = Callable[["Situation"], Call]
SCENARIOS: dict[tuple[str, str], Scenario] = {}


def rows_of_the_page() -> Iterator[tuple[tuple[str, str], list[int]]]:
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and re.fullmatch(r"`\w+`", cells[0]):
            yield (cells[0].strip("`"), cells[1].replace("`", "")), [int(cell) for cell in cells[2:]]


ROWS = dict(rows_of_the_page())


def scenario(call: str, case: str = "") -> Callable[[Scenario], Scenario]:
    def register(function: Scenario) -> Scenario:
        SCENARIOS[call, case] = function
        return function

    return register


class ScopedTags(Definition[Tag]):
    def scope(self) -> Sequence[Any]:
        return (Tag.color == "gray",)


class DimTags(Definition[Tag]):
    def scope(self) -> Sequence[Any]:
        return (Tag.color.in_(["gray", "black"]),)


class GrayTags(Definition[Tag]):
    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(Tag).where(Tag.color == "gray")


class Groups(Definition[Group]):
    card = OptionSet(lambda: (selectinload(Group.members),))


class Situation:
    """Three tags in the database, and repositories on an empty session."""

    def __init__(self, kit: Kit, session: Any) -> None:
        self.kit, self.session = kit, session
        self.tags = kit.repository(Tag, session)
        self.saved = self.tags.add_all([Tag(name=name, color="gray") for name in ("a", "b", "c")])
        session.flush()
        self.keys = [tag.id for tag in self.saved]
        session.expunge_all()

    def repository(self, spec: type[Any]) -> Any:
        return self.kit.repository(spec, self.session)

    def save(self, entity: Any) -> Any:
        self.session.add(entity)
        self.session.flush()
        self.session.expunge_all()
        return entity

    def load(self, *positions: int) -> list[Any]:
        return [self.tags.get_one(self.keys[position]) for position in positions]

    def flushing(self, work: Call) -> Call:
        def run() -> None:
            work()
            self.session.flush()

        return run


@contextmanager
def situation(kit: Kit, db: Any) -> Iterator[Situation]:
    with db.session_scope() as session:
        yield Situation(kit, session)
        session.rollback()


def test_every_row_of_the_table_has_a_scenario_and_every_scenario_a_row() -> None:
    assert set(ROWS) == set(SCENARIOS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " - ".join(filter(None, row)))
def test_a_call_sends_as_many_statements_as_the_docs_say(kit: Kit, db: Any, row: tuple[str, str]) -> None:
    with situation(kit, db) as here:
        call = SCENARIOS[row](here)
        with kit.statements(db) as sent:
            call()
        assert len(sent) == ROWS[row][COLUMNS[kit.backend]], sent


@scenario("get", "not loaded")
def _(here: Situation) -> Call:
    return lambda: here.tags.get(here.keys[0])


@scenario("get", "loaded")
def _(here: Situation) -> Call:
    kept = here.load(0)
    return lambda: (kept, here.tags.get(here.keys[0]))


@scenario("get", "loaded, scope() is attribute == value")
def _(here: Situation) -> Call:
    kept = here.load(0)
    return lambda: (kept, here.repository(ScopedTags).get_one(here.keys[0]))


@scenario("get", "loaded, any other scope()")
def _(here: Situation) -> Call:
    kept = here.load(0)
    return lambda: (kept, here.repository(DimTags).get_one(here.keys[0]))


@scenario("get", "loaded, base_select overridden")
def _(here: Situation) -> Call:
    kept = here.load(0)
    return lambda: (kept, here.repository(GrayTags).get_one(here.keys[0]))


@scenario("get", "loaded, with_for_update")
def _(here: Situation) -> Call:
    kept = here.load(0)
    return lambda: (kept, here.tags.get(here.keys[0], with_for_update=True))


@scenario("get", "an option set with one selectinload")
def _(here: Situation) -> Call:
    group = here.save(Group(name="g"))
    return lambda: here.repository(Groups).get_one(group.id, options=Groups.card)


@scenario("get_one", "not loaded")
def _(here: Situation) -> Call:
    return lambda: here.tags.get_one(here.keys[0])


@scenario("get_many", "3 keys, none loaded")
def _(here: Situation) -> Call:
    return lambda: here.tags.get_many(here.keys)


@scenario("get_many", "3 keys, one loaded")
def _(here: Situation) -> Call:
    kept = here.load(1)
    return lambda: (kept, here.tags.get_many(here.keys))


@scenario("get_many", "3 keys, all loaded")
def _(here: Situation) -> Call:
    kept = here.load(0, 1, 2)
    return lambda: (kept, here.tags.get_many(here.keys))


@scenario("get_many", "10,001 keys")
def _(here: Situation) -> Call:
    return lambda: here.tags.get_many(range(1, 10_002))


@scenario("one")
def _(here: Situation) -> Call:
    return lambda: here.tags.one(Tag.name == "a")


@scenario("one_or_none")
def _(here: Situation) -> Call:
    return lambda: here.tags.one_or_none(Tag.name == "a")


@scenario("first")
def _(here: Situation) -> Call:
    return lambda: here.tags.first()


@scenario("find")
def _(here: Situation) -> Call:
    return lambda: here.tags.find()


@scenario("count")
def _(here: Situation) -> Call:
    return lambda: here.tags.count()


@scenario("exists")
def _(here: Situation) -> Call:
    return lambda: here.tags.exists(Tag.name == "a")


@scenario("paginate", "pages follow")
def _(here: Situation) -> Call:
    return lambda: here.tags.paginate(size=2)


@scenario("paginate", "the last page")
def _(here: Situation) -> Call:
    return lambda: here.tags.paginate(page=2, size=2)


@scenario("paginate", "past the end")
def _(here: Situation) -> Call:
    return lambda: here.tags.paginate(page=9, size=2)


@scenario("paginate", "total=False")
def _(here: Situation) -> Call:
    return lambda: here.tags.paginate(size=2, total=False)


@scenario("add", "before the flush")
def _(here: Situation) -> Call:
    return lambda: here.tags.add(Tag(name="new"))


@scenario("add", "with the flush")
def _(here: Situation) -> Call:
    return here.flushing(lambda: here.tags.add(Tag(name="new")))


def countries(count: int) -> list[Country]:
    return [Country(code=f"c{number}", name=f"country {number}") for number in range(count)]


@scenario("add_all", "100 entities, keys from the client, with the flush")
def _(here: Situation) -> Call:
    return here.flushing(lambda: here.repository(Country).add_all(countries(100)))


@scenario("add_all", "1,001 entities, keys from the client, with the flush")
def _(here: Situation) -> Call:
    return here.flushing(lambda: here.repository(Country).add_all(countries(1001)))


@scenario("add_all", "100 entities, keys from the database, with the flush")
def _(here: Situation) -> Call:
    return here.flushing(lambda: here.tags.add_all([Tag(name=f"t{number}") for number in range(100)]))


@scenario("update", "entity, before the flush")
def _(here: Situation) -> Call:
    (tag,) = here.load(0)
    return lambda: here.tags.update(tag, {"color": "red"})


@scenario("update", "entity, with the flush")
def _(here: Situation) -> Call:
    (tag,) = here.load(0)
    return here.flushing(lambda: here.tags.update(tag, {"color": "red"}))


@scenario("update", "entity, a value is a SQL expression")
def _(here: Situation) -> Call:
    (tag,) = here.load(0)
    return lambda: here.tags.update(tag, {"color": func.upper(Tag.color)})


@scenario("update", "key, loaded, with the flush")
def _(here: Situation) -> Call:
    kept = here.load(0)
    return here.flushing(lambda: (kept, here.tags.update(here.keys[0], {"color": "red"})))


@scenario("update", "key, not loaded")
def _(here: Situation) -> Call:
    return lambda: here.tags.update(here.keys[0], {"color": "red"})


@scenario("update", "key, not loaded, with the flush")
def _(here: Situation) -> Call:
    return here.flushing(lambda: here.tags.update(here.keys[0], {"color": "red"}))


@scenario("update", "key, not loaded, the attribute has a validator, with the flush")
def _(here: Situation) -> Call:
    coupon = here.save(Coupon(code="X", percent=5))
    return here.flushing(lambda: here.repository(Coupon).update(coupon.id, {"percent": 7}))


@scenario("update", "key, not loaded, the model has a version, with the flush")
def _(here: Situation) -> Call:
    stock = here.save(Stock(shelf="s", quantity=5))
    return here.flushing(lambda: here.repository(Stock).update(stock.id, {"quantity": 7}))


@scenario("delete", "entity, with the flush")
def _(here: Situation) -> Call:
    coupon = Coupon(code="X", percent=5)
    here.session.add(coupon)
    here.session.flush()
    return here.flushing(lambda: here.repository(Coupon).delete(coupon))


@scenario("delete", "key, not loaded, with the flush")
def _(here: Situation) -> Call:
    coupon = here.save(Coupon(code="X", percent=5))
    return here.flushing(lambda: here.repository(Coupon).delete(coupon.id))


@scenario("get_or_create", "there is one")
def _(here: Situation) -> Call:
    return lambda: here.tags.get_or_create({"name": "a"})


@scenario("get_or_create", "made now")
def _(here: Situation) -> Call:
    return lambda: here.tags.get_or_create({"name": "new"}, defaults={"color": "red"})


@scenario("update_where", "none loaded")
def _(here: Situation) -> Call:
    return lambda: here.tags.update_where(Tag.name == "a", values={"color": "red"})


@scenario("update_where", "some loaded")
def _(here: Situation) -> Call:
    kept = here.load(0)
    return lambda: (kept, here.tags.update_where(Tag.name == "a", values={"color": "red"}))


@scenario("update_where", "joined inheritance, columns of one table, none loaded")
def _(here: Situation) -> Call:
    here.save(Engineer(name="e", language="ada"))
    return lambda: here.repository(Engineer).update_where(Engineer.name == "e", values={"language": "eiffel"})


@scenario("delete_where", "none loaded")
def _(here: Situation) -> Call:
    return lambda: here.tags.delete_where(Tag.name == "a")


@scenario("delete_where", "some loaded")
def _(here: Situation) -> Call:
    kept = here.load(0)
    return lambda: (kept, here.tags.delete_where(Tag.name == "a"))


@scenario("delete_where", "joined inheritance, two tables")
def _(here: Situation) -> Call:
    here.save(Engineer(name="e", language="ada"))
    return lambda: here.repository(Engineer).delete_where(Engineer.name == "e")
