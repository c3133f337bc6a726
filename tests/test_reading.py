"""Order, pages, counts, loading and locks: what a statement gives is the same on every database."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import Select, func, inspect, select
from sqlalchemy.orm import joinedload, load_only, raiseload, selectinload

from dalkit import Definition, OptionSet
from dalkit.errors import MultipleFoundError, NotFoundError, ReadOnlySessionError
from tests.drivers import Kit
from tests.seed_models.inheritance import Engineer, Manager, Person
from tests.seed_models.plain_declarative import Author, Book
from tests.seed_models.shop import START, Article, Group, Order, OrderStatus, Tag, User, UserStatus


def articles(*ratings: int | None) -> list[Article]:
    return [Article(title=f"{n:03}", body="text", rating=rating) for n, rating in enumerate(ratings)]


def a_user(name: str, **values: Any) -> User:
    return User(email=name, full_name=name, status=UserStatus.ACTIVE, **values)


def orders(count: int, customer: str) -> list[Order]:
    return [Order(reference=f"{customer}-{n}", status=OrderStatus.OPEN, placed_at=START) for n in range(count)]


RATINGS = (3, None, 1, 2, None)
NULL_ORDERS = [
    (Article.rating.asc().nulls_first(), [None, None, 1, 2, 3]),
    (Article.rating.asc().nulls_last(), [1, 2, 3, None, None]),
    (Article.rating.desc().nulls_first(), [None, None, 3, 2, 1]),
    (Article.rating.desc().nulls_last(), [3, 2, 1, None, None]),
    (Article.rating.nulls_last(), [1, 2, 3, None, None]),
    (func.coalesce(Article.rating, None).desc().nulls_last(), [3, 2, 1, None, None]),
]


@pytest.mark.parametrize(("order", "expected"), NULL_ORDERS, ids=[str(order) for order, _ in NULL_ORDERS])
def test_nulls_stand_where_the_order_puts_them(kit: Kit, db: Any, order: Any, expected: list[Any]) -> None:
    with db.session_scope() as session:
        repository = kit.repository(Article, session)
        repository.add_all(articles(*RATINGS))
        assert [each.rating for each in repository.find(order_by=order)] == expected
        found = repository.find(order_by=[order, Article.title], limit=2, options=joinedload(Article.tags))
        assert [each.rating for each in found] == expected[:2]
        assert [each.rating for each in repository.paginate(page=2, size=3, order_by=order)] == expected[3:]
        session.rollback()


class NewestFirst(Definition[Tag]):
    @classmethod
    def default_order(cls) -> Sequence[Any]:
        return (Tag.color.desc().nulls_last(), Tag.name.desc())


def test_the_default_order_holds_where_no_other_is_given(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        tags = kit.repository(NewestFirst, session)
        tags.add_all([Tag(name=name, color=color) for name, color in [("a", "x"), ("b", "x"), ("c", "y")]])
        assert [tag.name for tag in tags.find()] == ["c", "b", "a"]
        assert tags.first().name == "c"
        assert [tag.name for tag in tags.paginate(size=2)] == ["c", "b"]
        assert [tag.name for tag in tags.find(order_by=Tag.name)] == ["a", "b", "c"]
        session.rollback()


def test_first_takes_the_smallest_key_when_no_order_is_given(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        tags = kit.repository(Tag, session)
        saved = tags.add_all([Tag(name=name) for name in "cab"])
        session.flush()
        assert tags.first().id == min(tag.id for tag in saved)
        assert tags.first(Tag.name == "z") is None
        session.rollback()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ratings=some.lists(some.none() | some.integers(1, 3), max_size=9), size=some.integers(1, 10))
def test_pages_concatenate_to_the_ordered_list(kit: Kit, db: Any, ratings: list[int | None], size: int) -> None:
    with db.session_scope() as session:
        repository = kit.repository(Article, session)
        repository.add_all(articles(*ratings))
        order = Article.rating.desc().nulls_last()
        everything = repository.find(order_by=[order, Article.id])
        seen, number, page = [], 1, repository.paginate(size=size, order_by=order)
        while True:
            assert (page.total, page.pages) == (len(ratings), -(-len(ratings) // size))
            assert page.has_previous == (number > 1)
            seen += page.items
            if not page.has_next:
                break
            number += 1
            page = repository.paginate(page=number, size=size, order_by=order)
        assert seen == everything
        assert repository.paginate(page=number + 5, size=size).total == len(ratings)
        assert repository.paginate(size=size, total=False).has_next == (len(ratings) > size)
        session.rollback()


class BuyersDistinct(Definition[User]):
    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(User).join(User.orders).distinct()


class BuyersGrouped(Definition[User]):
    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(User).join(User.orders).group_by(*inspect(User).columns).having(func.count() > 1)


class BuyersDoubled(Definition[User]):
    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(User).join(User.orders)


class BuyersLimited(Definition[User]):
    @classmethod
    def base_select(cls) -> Select[Any]:
        return select(User).where(User.orders.any()).options(selectinload(User.orders))


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        (BuyersDistinct, ["a", "b"]),
        (BuyersGrouped, ["a"]),
        (BuyersDoubled, ["a", "a", "a", "b"]),
        (BuyersLimited, ["a", "b"]),
    ],
)
def test_counts_and_totals_are_those_of_the_rows(kit: Kit, db: Any, spec: type[Any], names: list[str]) -> None:
    with db.session_scope() as session:
        everybody = kit.repository(User, session)
        everybody.add_all([a_user("a", orders=orders(3, "a")), a_user("b", orders=orders(1, "b")), a_user("c")])
        session.flush()
        buyers = kit.repository(spec, session)
        # the model loads its country by a join; where rows are doubled, only that is switched off
        options = raiseload(User.country) if spec in {BuyersGrouped, BuyersDoubled} else []
        assert [user.full_name for user in buyers.find(order_by=User.full_name, options=options)] == names
        assert buyers.count() == len(names)
        assert buyers.exists(User.full_name == "a")
        assert not buyers.exists(User.full_name == "c")
        page = buyers.paginate(page=7, size=2, options=options)
        assert (page.total, page.items) == (len(names), [])
        session.rollback()


class Groups(Definition[Group]):
    card = OptionSet(lambda: (selectinload(Group.members).options(load_only(User.email)),))
    joined = OptionSet(lambda: (joinedload(Group.members),))


@pytest.mark.parametrize(
    "options", [Groups.card, Groups.joined, [Groups.card, load_only(Group.name)]], ids=["selectin", "joined", "several"]
)
def test_option_sets_load_what_they_name(kit: Kit, db: Any, options: Any) -> None:
    with db.session_scope() as session:
        groups = kit.repository(Groups, session)
        groups.add_all([Group(name=n, members={a_user(f"{n}{m}") for m in "xyz"}) for n in ("a", "b")])
        session.flush()
        session.expunge_all()
        found = groups.find(order_by=Group.name, options=options)
        assert [len(group.members) for group in found] == [3, 3]
        assert groups.paginate(size=1, options=options).total == 2
        assert groups.one(Group.name == "a", options=options) is found[0]
        assert [len(group.members) for group in groups.get_many([found[1].id], options=options)] == [3]
        assert "members" not in inspect(groups.first(Group.name == "none") or Group()).dict
        session.rollback()


def test_an_option_set_is_built_on_first_use_and_once() -> None:
    built: list[int] = []
    options = OptionSet(lambda: (built.append(1), (selectinload(Group.members),))[1])
    assert not built
    assert options.options is options.options
    assert built == [1]


def test_joined_collections_do_not_double_entities(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        authors = kit.repository(Author, session)
        authors.add_all([Author(name=n, books=[Book(title=f"{n}{m}") for m in "xyz"]) for n in ("a", "b")])
        session.flush()
        session.expunge_all()
        assert [author.name for author in authors.find(order_by=Author.name)] == ["a", "b"]
        assert [author.name for author in authors.find(order_by=Author.name, limit=1)] == ["a"]
        assert authors.count() == authors.paginate(size=1).total == 2
        assert authors.one(Author.name == "a", with_for_update=True).name == "a"
        session.rollback()


def test_one_raises_for_none_and_for_several(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        tags = kit.repository(Tag, session)
        tags.add_all([Tag(name="a"), Tag(name="b")])
        with pytest.raises(NotFoundError, match="Tag"):
            tags.one(Tag.name == "z")
        for call in (tags.one, tags.one_or_none):
            with pytest.raises(MultipleFoundError, match="Tag"):
                call()
        assert tags.one_or_none(Tag.name == "z") is None
        session.rollback()


def test_the_identity_map_does_not_hand_out_what_the_database_would_not(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        people = kit.repository(Person, session)
        manager = people.add(Manager(name="m"))
        session.flush()
        assert people.get(manager.id) is manager
        assert kit.repository(Engineer, session).get(manager.id) is None
        session.delete(manager)
        assert people.get(manager.id) is None
        session.rollback()


@pytest.mark.drivers("postgresql", "mariadb")
@pytest.mark.parametrize("lock", [{"nowait": True}, {"skip_locked": True}], ids=str)
def test_a_locked_row_is_refused_or_skipped_by_others(kit: Kit, db: Any, lock: dict[str, Any]) -> None:
    with db.session_scope() as session:
        kit.repository(User, session).add(a_user("a"))
    with db.session_scope() as first, db.session_scope() as second:
        assert kit.repository(User, first).one(with_for_update=True)
        others = kit.repository(User, second)
        if "nowait" in lock:
            with pytest.raises(Exception, match=r"(?i)lock"):
                others.find(with_for_update=lock)
        else:
            assert others.find(with_for_update=lock) == []
        second.rollback()


@pytest.mark.drivers("postgresql", "mariadb")
def test_a_locking_read_sees_what_is_there_now(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        tag = kit.repository(Tag, session).add(Tag(name="a", color="red"))
    with db.session_scope() as first:
        stale = kit.repository(Tag, first).get_one(tag.id)
        first.commit()
        with db.session_scope() as second:
            kit.repository(Tag, second).update(tag.id, {"color": "blue"})
        assert stale.color == "red"
        assert kit.repository(Tag, first).get_one(tag.id, with_for_update=True) is stale
        assert stale.color == "blue"


def test_statements_are_built_once_per_class_and_never_shared_between_classes(kit: Kit, db: Any) -> None:
    spec = kit.repository_class(Groups)
    other = type("Other", (spec,), {})
    with db.session_scope() as session:
        shell = kit.session_for_shell(session)
        kept = [type(repository).__dalkit_statements__ for repository in (spec(shell), other(shell))]
        for repository in (kit.repository(Groups, session), kit.repository(Groups, session)):
            repository.get(1, options=Groups.card)
    assert all(one is not two for one, two in pairwise([*kept, Definition.__dalkit_statements__]))


@pytest.mark.drivers("postgresql", "mariadb")
def test_an_empty_mapping_of_lock_arguments_locks(kit: Kit, db: Any) -> None:
    with db.session_scope() as session, kit.statements(db) as sent:
        kit.repository(Tag, session).find(with_for_update={})
    assert "FOR UPDATE" in sent[0]


@pytest.mark.parametrize("read_only", [True, "snapshot"])
def test_a_read_only_scope_refuses_locks_on_every_database(kit: Kit, db: Any, read_only: Any) -> None:
    with db.session_scope(read_only=read_only) as session:
        tags = kit.repository(Tag, session)
        for call in (tags.find, tags.first, tags.one_or_none, tags.paginate):
            with pytest.raises(ReadOnlySessionError):
                call(with_for_update=True)
        with pytest.raises(ReadOnlySessionError):
            tags.get(1, with_for_update={"read": True})


def test_a_key_that_the_order_names_is_not_named_twice(kit: Kit, db: Any) -> None:
    with db.session_scope() as session, kit.statements(db) as sent:
        kit.repository(Tag, session).find(order_by=[Tag.name, Tag.id.desc()], limit=1)
    assert sent[0].partition("ORDER BY")[2].count("id") == 1
