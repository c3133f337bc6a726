"""Bad input gets a clear error before any SQL is sent."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import case, false, literal, or_, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from dalkit import Definition, Repository
from dalkit.errors import (
    AfterCommitError,
    ConfigurationError,
    DalkitError,
    InvalidArgumentError,
    NotFoundError,
    UnboundedWriteError,
    UnknownFieldError,
)
from tests.drivers import Kit
from tests.seed_models.shop import Country, Employee, Order, Product, Tag, Translation, User

BAD_READS: dict[str, tuple[Callable[[Any], object], str]] = {
    "a comparison that Python has answered": (lambda r: r.find("a" == "b"), "criterion 1 is a bool"),
    "None as a criterion": (lambda r: r.find(Tag.id > 1, None), "criterion 2 is a NoneType"),
    "text as a criterion": (lambda r: r.count("name = 'x'"), "criterion 1 is a str"),
    "a value as a criterion": (lambda r: r.exists(7), "criterion 1 is a int"),
    "text as an order": (lambda r: r.find(order_by="name"), "order_by 1 is a str"),
    "None as an order": (lambda r: r.find(order_by=None), "order_by is None"),
    "a negative limit": (lambda r: r.find(limit=-1), "limit must be at least 0, got -1"),
    "page 0": (lambda r: r.paginate(page=0), "page must be at least 1, got 0"),
    "size 0": (lambda r: r.paginate(size=0), "size must be at least 1, got 0"),
    "a huge size": (lambda r: r.paginate(size=1001), "size must be from 1 to 1000, got 1001"),
    "a page that is text": (lambda r: r.paginate(page="1"), "page must be a whole number, got str"),
    "a limit that is text": (lambda r: r.find(limit="3"), "limit must be a whole number, got str"),
    "a misspelt option": (lambda r: r.find(ordr_by=Tag.id), "there is no option 'ordr_by'; did you mean 'order_by'?"),
    "a misspelt lock": (lambda r: r.get(1, with_for_updat=True), "did you mean 'with_for_update'?"),
    "an order by key": (lambda r: r.get(1, order_by=Tag.id), "there is no option 'order_by'"),
    "an unknown option of first": (lambda r: r.first(limt=1), "there is no option 'limt'"),
    "an entity that the session does not hold": (lambda r: r.update(Tag(), {"name": "x"}), "not in the repository's"),
    "text as options": (lambda r: r.find(options="card"), "options must be loader options"),
    "a string as keys": (lambda r: r.get_many("abc"), "sequence of keys"),
    "a key that is None": (lambda r: r.get(None), "the key Tag.id is None"),
    "a key of another type": (lambda r: r.get("1"), "the key Tag.id takes int, got str"),
    "a bool as a key": (lambda r: r.get(True), "the key Tag.id takes int, got bool"),
    "a key with too many parts": (lambda r: r.get((1, 2)), "has 1 part"),
    "a key by a wrong name": (lambda r: r.get({"key": 1}), "made of id"),
    "an entity as a key": (lambda r: r.get(Tag()), "the key Tag.id takes int, got Tag"),
    "one bad key among many": (lambda r: r.get_many([1, "2"]), "the key Tag.id takes int, got str"),
    "an entity of another model": (lambda r: r.add(User()), "entity 1 must be a Tag, got User"),
    "a bad entity among many": (lambda r: r.add_all([Tag(), 3]), "entity 2 must be a Tag, got int"),
    "values that are no mapping": (lambda r: r.update(1, [("name", "x")]), "values must be a mapping, got list"),
    "an unknown name": (lambda r: r.update(1, {"nmae": "x"}), "Tag has no field 'nmae'; did you mean 'name'?"),
    "an attribute of another model": (lambda r: r.update(1, {User.email: "x"}), "is no attribute of Tag"),
    "a number as a name": (lambda r: r.update(1, {3: "x"}), "must be a name or an attribute, got int"),
    "an unknown name in bulk": (lambda r: r.update_where(Tag.id == 1, values={"colour": 1}), "did you mean 'color'"),
    "no values in bulk": (lambda r: r.update_where(Tag.id == 1, values={}), "values is empty"),
    "no values to look up by": (lambda r: r.get_or_create({}), "values is empty"),
    "a None to look up by": (lambda r: r.get_or_create({"name": None}), "name is None"),
    "an unknown default": (lambda r: r.get_or_create({"name": "x"}, defaults={"x": 1}), "Tag has no field 'x'"),
}


@pytest.mark.parametrize("name", BAD_READS)
def test_bad_arguments_are_named_before_any_sql(kit: Kit, db: Any, name: str) -> None:
    call, words = BAD_READS[name]
    with db.session_scope() as session:
        tags = kit.repository(Tag, session)
        with kit.statements(db) as sent, pytest.raises(InvalidArgumentError) as caught:
            call(tags)
        assert words in str(caught.value)
        assert not sent
        assert not session.new


ALWAYS_TRUE = {
    "nothing": [],
    "true()": [true()],
    "literal(True)": [literal(True)],
    "1 = 1": [literal(1) == literal(1)],
    "a column equal to itself": [Tag.id == Tag.id],
    "OR with true": [or_(Tag.id == 1, true())],
    "several": [true(), literal(True)],
    "not false": [~false()],
    "in no list": [Tag.id.not_in([])],
    "constants that are compared otherwise": [literal("ab").like("a%")],
    "a constant in a list": [literal(1).in_([1])],
}


@pytest.mark.drivers("sqlite")
@pytest.mark.parametrize("where", ALWAYS_TRUE.values(), ids=ALWAYS_TRUE)
def test_a_write_to_every_row_must_be_asked_for(kit: Kit, db: Any, where: list[Any]) -> None:
    with db.session_scope() as session:
        tags = kit.repository(Tag, session)
        tags.add_all([Tag(name="a"), Tag(name="b")])
        session.flush()
        with kit.statements(db) as sent:
            with pytest.raises(UnboundedWriteError, match="everything=True"):
                tags.delete_where(*where)
            with pytest.raises(UnboundedWriteError, match="everything=True"):
                tags.update_where(*where, values={"color": "red"})
        assert not sent
        assert tags.update_where(*where, values={"color": "red"}, everything=True) == 2
        assert tags.delete_where(*where, everything=True) == 2


@pytest.mark.drivers("sqlite")
def test_criteria_that_leave_rows_out_are_bounded(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        tags = kit.repository(Tag, session)
        for where in (
            false(),
            literal(False),
            literal(1) == literal(2),
            Tag.id.in_([]),
            Tag.id.not_in([1]),
            Tag.id == 1,
            or_(Tag.id == 1, false()),
            case((Tag.id == 1, True)),
        ):
            tags.delete_where(where)


@pytest.mark.drivers("sqlite")
def test_composite_keys_are_tuples_or_mappings(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        translations = kit.repository(Translation, session)
        product = Product(name="p", price=1)
        session.add(product)
        session.flush()
        saved = translations.add(Translation(product_id=product.id, language="de", title="t"))
        session.flush()
        assert translations.get((product.id, "de")) is saved
        assert translations.get({"language": "de", "product_id": product.id}) is saved
        for key in (product.id, (product.id,), (product.id, "de", 1), {"language": "de"}, (product.id, None)):
            with pytest.raises(InvalidArgumentError):
                translations.get(key)
        session.rollback()


@pytest.mark.drivers("sqlite")
def test_a_relationship_is_no_order_and_no_value_in_bulk(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        orders = kit.repository(Order, session)
        with pytest.raises(InvalidArgumentError, match="relationship 'customer'"):
            orders.find(order_by=Order.customer)
        with pytest.raises(InvalidArgumentError, match="customer is a relationship"):
            orders.update_where(Order.id == 1, values={"customer": None})


@pytest.mark.drivers("sqlite")
def test_an_expression_takes_no_value(kit: Kit, db: Any) -> None:
    with db.session_scope() as session, pytest.raises(UnknownFieldError, match="full_name"):
        kit.repository(Employee, session).update(1, {"full_name": "x"})


@pytest.mark.drivers("sqlite")
def test_writes_that_match_nothing_raise(kit: Kit, db: Any) -> None:
    with db.session_scope() as session:
        for call in (lambda r: r.update("X", {"name": "n"}), lambda r: r.delete("X"), lambda r: r.get_one("X")):
            with pytest.raises(NotFoundError, match="Country"):
                call(kit.repository(Country, session))


def test_a_repository_must_know_its_model() -> None:
    class Nameless(Repository):  # type: ignore[type-arg]
        pass

    with pytest.raises(ConfigurationError, match="does not say which model"):
        _ = Nameless.model
    with pytest.raises(ConfigurationError, match="no mapped class"):
        _ = Repository[int](None).model  # type: ignore[arg-type]


def test_models_are_found_through_generic_bases_and_forward_references() -> None:
    from typing import Generic, TypeVar

    first, second = TypeVar("first"), TypeVar("second")

    class Keyed(Repository[second, first], Generic[first, second]):
        pass

    class Named(Keyed[int, "LateModel"]):
        pass

    class Mixin(Definition[Tag]):
        pass

    class Tags(Mixin, Repository[Tag]):
        pass

    assert Named.model is LateModel
    assert Tags.model is Tag
    with pytest.raises(ConfigurationError, match="'Country' in the brackets of Repository"):
        _ = Repository["Country"](None).model  # type: ignore[arg-type]


class LateBase(DeclarativeBase):
    pass


class LateModel(LateBase):
    __tablename__ = "late"
    id: Mapped[int] = mapped_column(primary_key=True)


def test_errors_pickle_with_their_facts() -> None:
    error = UnknownFieldError.of("Tag", "nmae", ["name"])
    copy = pickle.loads(pickle.dumps(error))
    assert (str(copy), copy.field, copy.nearest, copy.kind) == (str(error), "nmae", "name", "unknown_field")
    failed = AfterCommitError("1 hook failed", [ValueError("x")])
    assert repr(pickle.loads(pickle.dumps(failed)).exceptions) == repr(failed.exceptions)


def test_every_error_is_a_dalkit_error_with_a_kind_of_its_own() -> None:
    from dalkit import errors

    classes = [each for name in errors.__all__ if isinstance(each := getattr(errors, name), type)]
    assert all(issubclass(each, DalkitError) for each in classes)
    assert len({each.kind for each in classes}) == len(classes)
