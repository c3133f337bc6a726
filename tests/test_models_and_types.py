"""Base, UTCDateTime and JSONType on every database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    MetaData,
    String,
    UniqueConstraint,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry
from sqlalchemy.orm.exc import DetachedInstanceError

from dalkit import Base, JSONType, UTCDateTime
from dalkit.errors import NaiveDatetimeError, UnstorableValueError
from dalkit.models import NAMING_CONVENTION, ModelDefaults
from tests.drivers import Kit


class Between:
    """A constraint as a call inside Annotated, which SQLAlchemy cannot read out of a string."""

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most


class OwnBase(Base):
    """A subclass of Base with tables of its own."""

    __abstract__ = True
    metadata = MetaData(naming_convention=dict(NAMING_CONVENTION))


class Happening(OwnBase):
    __tablename__ = "models_happenings"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "plain"}
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    noted_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    count: Mapped[Annotated[int, Between(0, 150)]] = mapped_column(default=0)
    document: Mapped[Any] = mapped_column(JSONType(), nullable=True)


class Bare(OwnBase):
    __tablename__ = "models_bare"
    name: Mapped[str] = mapped_column(primary_key=True)
    happening_id: Mapped[int | None] = mapped_column(ForeignKey("models_happenings.id"))
    size: Mapped[Annotated[int, Between(1, 2)]]
    __table_args__ = (
        UniqueConstraint("size", "happening_id"),
        CheckConstraint("size > 0", name="size"),
        Index(None, "size"),
    )


class ForeignBase(DeclarativeBase):
    """A base that knows nothing of dalkit."""


class Moment(ForeignBase):
    __tablename__ = "models_moments"
    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime())
    document: Mapped[Any] = mapped_column(JSONType())


@contextmanager
def tables(db: Any) -> Iterator[Any]:
    db.create_tables(OwnBase)
    db.create_tables(ForeignBase)
    try:
        with db.session_scope() as session:
            yield session
            session.rollback()
    finally:
        db.drop_tables(ForeignBase)
        db.drop_tables(OwnBase)


NOW = datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=timezone(timedelta(hours=2)))


def test_points_in_time_come_back_equal_in_utc_and_to_the_microsecond(kit: Kit, db: Any) -> None:
    moments = [NOW, NOW.astimezone(UTC), datetime(1970, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, tzinfo=UTC)]
    with tables(db) as session:
        saved = kit.repository(Happening, session).add_all([Happening(at=at) for at in moments])
        session.flush()
        session.expire_all()
        read = [happening.at for happening in saved]
        assert read == moments
        assert all(at.tzinfo is UTC for at in read)
        assert kit.repository(Happening, session).count(Happening.at == NOW) == 2
        assert kit.repository(Happening, session).count(Happening.at < NOW) == 1
        assert kit.repository(Happening, session).count(Happening.at.in_([NOW, moments[2]])) == 3


AWARE = some.datetimes(
    min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30), timezones=some.timezones() | some.just(UTC)
)


@pytest.mark.drivers("pysqlite", "psycopg", "pymysql")
def test_any_aware_datetime_is_kept_and_sorts_as_a_point_in_time(kit: Kit, db: Any) -> None:
    with tables(db) as session:
        repository = kit.repository(Moment, session)

        @settings(max_examples=50, deadline=None)
        @given(moments=some.lists(AWARE, min_size=1, max_size=5))
        def check(moments: list[datetime]) -> None:
            repository.delete_where(everything=True)
            repository.add_all([Moment(at=at, document=0) for at in moments])
            session.flush()
            session.expire_all()
            expected = sorted(at.astimezone(UTC) for at in moments)
            assert [moment.at for moment in repository.find(order_by=Moment.at)] == expected

        check()


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), "2026-01-01"], ids=["naive", "text"])
def test_a_datetime_that_is_no_point_in_time_is_refused_before_any_sql(kit: Kit, db: Any, value: Any) -> None:
    with tables(db) as session, kit.statements(db) as sent:
        session.add(Happening(at=value))
        with pytest.raises(NaiveDatetimeError):
            session.flush()
        session.rollback()
        with pytest.raises(NaiveDatetimeError):
            kit.repository(Happening, session).find(Happening.at > value)
        assert not sent


def test_a_point_in_time_can_be_a_literal_in_sql(kit: Kit, db: Any) -> None:
    with tables(db) as session:
        session.add(Happening(at=NOW))
        session.flush()
        statement = select(Happening.id).where(Happening.at == literal(NOW, UTCDateTime(), literal_execute=True))
        assert len(session.scalars(statement).all()) == 1
        compiled = str(statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True}))
        assert len(session.scalars(text(compiled)).all()) == 1


DOCUMENTS = [
    {}, [], 0, 0.0, 1.5, False, True, "", "text", "null", {"a": [1, {"b": None}]}, [None], 12345678901234567890123,
    {"ключ": "значение \U0001f600", "quote": "'\"\\"}, {"deep": [[[[{}]]]]},
]  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=repr)
def test_every_json_value_comes_back_as_it_went_in(kit: Kit, db: Any, document: Any) -> None:
    with tables(db) as session:
        for model in (Happening(at=NOW, document=document), Moment(at=NOW, document=document)):
            session.add(model)
            session.flush()
            session.expire_all()
            assert model.document == document
            assert type(model.document) is type(document)


TEXT = some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
JSON_VALUES = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**53), 2**53)
    | some.floats(-1e15, 1e15).filter(lambda number: abs(number) > 1e-300 or number == 0)
    | some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(
            some.text(some.characters(codec="utf-8", exclude_characters="\0"), max_size=4), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@pytest.mark.drivers("pysqlite", "psycopg", "asyncpg", "pymysql")
def test_any_json_document_is_kept(kit: Kit, db: Any) -> None:
    with tables(db) as session:

        @settings(max_examples=100, deadline=None)
        @given(document=JSON_VALUES.filter(lambda value: value is not None))
        def check(document: Any) -> None:
            moment = Moment(at=NOW, document=document)
            session.add(moment)
            session.flush()
            session.expire_all()
            assert moment.document == document
            assert repr(moment.document) == repr(document) or isinstance(document, dict | list)

        check()


def test_none_is_sql_null(kit: Kit, db: Any) -> None:
    with tables(db) as session:
        kit.repository(Happening, session).add_all([Happening(at=NOW, document=None), Happening(at=NOW)])
        assert kit.repository(Happening, session).count(Happening.document.is_(None)) == 2


def test_paths_into_documents_filter(kit: Kit, db: Any) -> None:
    with tables(db) as session:
        kit.repository(Happening, session).add_all(
            [Happening(at=NOW, document={"a": {"b": [number, "x"]}}) for number in (1, 2, 2)]
        )
        happenings = kit.repository(Happening, session)
        assert happenings.count(Happening.document["a"]["b"][0].as_integer() == 2) == 2
        assert happenings.count(Happening.document[("a", "b", 1)].as_string() == "x") == 3


UNSTORABLE = {
    "NaN": (float("nan"), "$"),
    "infinity": ({"a": [1, float("inf")]}, "$.a[1]"),
    "a number as key": ({"a": {1: 2}}, "$.a"),
    "a set": ([{1, 2}], "$[0]"),
    "bytes": ({"a": b"x"}, "$.a"),
    "a datetime": ([0, NOW], "$[1]"),
    "an object": (object(), "$"),
}


@pytest.mark.parametrize("name", UNSTORABLE)
def test_what_json_cannot_hold_is_refused_with_its_place(kit: Kit, db: Any, name: str) -> None:
    document, path = UNSTORABLE[name]
    with tables(db) as session, kit.statements(db) as sent:
        with pytest.raises(UnstorableValueError) as caught:
            session.execute(insert(Moment).values(at=NOW, document=document))
        assert caught.value.path == path
        session.rollback()
        with pytest.raises(UnstorableValueError):
            session.execute(update(Moment).values(document=document))
        assert not sent


def test_what_the_server_makes_is_there_after_insert_and_update(kit: Kit, db: Any) -> None:
    with tables(db) as session:
        happening = kit.repository(Happening, session).add(Happening(at=NOW))
        session.flush()
        assert inspect(happening).dict["noted_at"].tzinfo is UTC
        assert inspect(happening).dict["document"] is None
        happening.count = 5
        session.flush()
        assert "noted_at" in inspect(happening).dict
        assert inspect(Happening).eager_defaults


def test_constraints_and_indexes_have_names() -> None:
    table = Bare.__table__
    names = {constraint.name for constraint in table.constraints} | {index.name for index in table.indexes}
    assert names == {
        "pk_models_bare",
        "fk_models_bare_happening_id_models_happenings",
        "uq_models_bare_size_happening_id",
        "ck_models_bare_size",
        "ix_models_bare_size",
    }


def test_text_without_a_length_gets_one_where_the_database_wants_it() -> None:
    from sqlalchemy.dialects import mysql, postgresql

    column = Bare.__table__.c.name
    assert column.type.compile(mysql.dialect()) == "VARCHAR(255)"
    assert column.type.compile(postgresql.dialect()) == "VARCHAR"
    assert String(9).compile(mysql.dialect()) == "VARCHAR(9)"


def test_a_repr_shows_the_key_alone_and_never_sends_sql(kit: Kit, db: Any) -> None:
    with tables(db) as session:
        happening = Happening(at=NOW, document="secret")
        assert repr(happening) == "<Happening (no key yet)>"
        session.add(happening)
        session.flush()
        key = happening.id
        session.expire_all()
        with kit.statements(db) as sent:
            assert repr(happening) == f"<Happening id={key}>"
        assert not sent
        session.refresh(happening)
        session.delete(happening)
        session.flush()
        assert repr(happening) == f"<Happening id={key}>"
    with tables(db) as session:
        detached = Happening(at=NOW)
        session.add(detached)
        session.flush()
        session.expire(detached)
        session.expunge(detached)
        assert repr(detached) == f"<Happening id={inspect(detached).identity[0]}>"
        with pytest.raises(DetachedInstanceError):
            _ = detached.at


def test_annotated_with_a_call_inside_is_read_from_a_string() -> None:
    assert Bare.__annotations__["size"] == Mapped[Annotated[int, Between(1, 2)]] or "Between" in repr(
        Bare.__annotations__["size"]
    )
    assert Bare.__table__.c.size.type.python_type is int
    assert not Bare.__table__.c.size.nullable


class SecondBase(ModelDefaults, DeclarativeBase):
    """A base with a registry of its own, in which class names may repeat those of other bases."""


class Country(SecondBase):
    __tablename__ = "models_countries"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    size: Mapped[float]
    since: Mapped[datetime]
    note: Mapped[str | None]


class RegisteredBase(ModelDefaults, DeclarativeBase):
    """A base with a registry that the application made."""

    registry = registry(type_annotation_map={str: String(7)})


class Named(RegisteredBase):
    __tablename__ = "models_named"
    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


def test_a_base_of_the_application_has_the_defaults_and_a_registry_of_its_own() -> None:
    assert SecondBase.registry is not Base.registry
    assert SecondBase.metadata is not Base.metadata
    assert Country.__table__.primary_key.name == "pk_models_countries"
    assert inspect(Country).eager_defaults
    assert isinstance(Country.__table__.c.since.type, UTCDateTime)
    assert isinstance(Named.__table__.c.at.type, UTCDateTime)
    assert Named.__table__.c.name.type.length == 7
    assert repr(Named()) == "<Named (no key yet)>"


def test_types_of_annotations_are_the_same_on_every_line_of_sqlalchemy() -> None:
    from sqlalchemy.dialects import mysql

    columns = Country.__table__.c
    assert columns.id.type.compile(mysql.dialect()) == "CHAR(32)"
    assert columns.size.type.compile(mysql.dialect()) == "DOUBLE"
    assert columns.note.type.compile(mysql.dialect()) == "VARCHAR(255)"


def test_a_sql_expression_that_was_inserted_is_not_taken_for_null(kit: Kit, db: Any) -> None:
    with tables(db) as session:
        happening = Happening(at=NOW)
        session.add(happening)
        session.flush()
        bare = Bare(name="y", size=1, happening_id=select(Happening.id).scalar_subquery())
        session.add(bare)
        session.flush()
        session.refresh(bare, ["happening_id"])
        assert bare.happening_id == happening.id


def test_a_column_that_an_insert_left_out_is_readable_without_sql(kit: Kit, db: Any) -> None:
    with tables(db) as session:
        bare = Bare(name="x", size=1)
        session.add(bare)
        session.flush()
        with kit.statements(db) as sent:
            assert bare.happening_id is None
        assert not sent
