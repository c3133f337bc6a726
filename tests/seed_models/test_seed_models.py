"""The models and their samples are what the package says, by plain SQLAlchemy alone."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, UniqueConstraint, create_engine, event, func, inspect, select, update
from sqlalchemy.exc import IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.orm import Session, joinedload, registry
from sqlalchemy.orm.exc import StaleDataError

from . import METADATAS, MISSING, SAMPLES, Sample, create_tables, dataclasses_mapped, drop_tables, imperative
from .inheritance import Animal, Car, Cat, Dog, ElectricCar, Engineer, Manager, Person, Shelter, Team, Vehicle
from .plain_declarative import Author, Book, Publisher
from .shop import (
    START,
    Address,
    Article,
    AuditEntry,
    Country,
    Coupon,
    Document,
    Employee,
    Group,
    Order,
    OrderItem,
    Profile,
    Stock,
    Tag,
    Translation,
    User,
    UserStatus,
    make_order,
    make_product,
    make_user,
)

each_sample = pytest.mark.parametrize("sample", SAMPLES.values(), ids=str)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    """A database with all tables; it enforces foreign keys."""
    engine = create_engine("sqlite://")
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", prepare_sqlite)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with engine.begin() as connection:
        create_tables(connection)
    yield engine
    with engine.begin() as connection:
        drop_tables(connection)
        assert not own_table_names(connection)
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session whose commits are undone after the test."""
    with engine.connect() as connection, connection.begin() as transaction:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


def prepare_sqlite(connection: Any, record: object) -> None:
    """Foreign keys hold, and BEGIN is ours to send: the driver would send none before a savepoint."""
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")


def own_table_names(connection: Any) -> set[str]:
    return set(inspect(connection).get_table_names()) & {table.name for table in all_tables()}


def all_tables() -> list[Any]:
    return [table for metadata in METADATAS for table in metadata.sorted_tables]


def key_parts(sample: Sample[Any], entity: Any) -> tuple[Any, ...]:
    key = sample.key(entity)
    return key if isinstance(key, tuple) else (key,)


def save(session: Session, sample: Sample[Any]) -> list[Any]:
    """The keys of three saved entities, in the order of their numbers; the session is empty afterwards."""
    entities = [sample.make(n) for n in (1, 2, 3)]
    session.add_all(reversed(entities))
    session.commit()
    keys = [sample.key(entity) for entity in entities]
    session.expunge_all()
    return keys


def count(session: Session, model: type) -> int:
    return session.scalars(select(func.count()).select_from(model)).one()


def test_all_tables_are_created(engine: Engine) -> None:
    with engine.connect() as connection:
        assert own_table_names(connection) == {table.name for table in all_tables()}


def test_no_two_tables_have_one_name() -> None:
    names = [table.name for table in all_tables()]
    assert len(set(names)) == len(names)


def test_every_mapped_class_has_a_sample() -> None:
    tables = set(all_tables())
    registries: set[registry] = {inspect(model).registry for model in SAMPLES}
    mappers = [mapper for each in registries for mapper in each.mappers if mapper.local_table in tables]
    assert {mapper.class_ for mapper in mappers if not mapper.polymorphic_abstract} == set(SAMPLES)


@each_sample
def test_the_column_is_plain(sample: Sample[Any]) -> None:
    """The column that generic tests change is no key, not unique, and belongs to nothing else."""
    column = inspect(sample.model).columns[sample.column]
    unique = [constraint for constraint in column.table.constraints if isinstance(constraint, UniqueConstraint)]
    assert not any([column.primary_key, column.foreign_keys, column.unique, column.computed])
    assert not any(column in set(constraint.columns) for constraint in unique)


@each_sample
def test_made_entities_are_distinct(sample: Sample[Any]) -> None:
    first, second, again = sample.make(1), sample.make(2), sample.make(1)
    assert first is not again
    assert type(first) is sample.model
    assert inspect(first).dict[sample.column] not in sample.values
    assert sample.values[0] != sample.values[1]
    if sample.key_from_client:
        assert sample.key(first) == sample.key(again) != sample.key(second)


@each_sample
def test_the_key_is_known_before_the_flush_where_the_client_makes_it(sample: Sample[Any]) -> None:
    assert sample.key_from_client == all(part is not None for part in key_parts(sample, sample.make(1)))


@each_sample
def test_parents_are_brought_along(sample: Sample[Any]) -> None:
    entity, mapper = sample.make(1), inspect(sample.model)
    to_one = {name for name, relationship in mapper.relationships.items() if not relationship.uselist}
    filled = {name for name in to_one if inspect(entity).dict.get(name) is not None}
    assert filled == set(sample.parents)
    for name in sample.parents:
        assert not any(column.nullable for column in mapper.relationships[name].local_columns)


@each_sample
def test_three_are_saved_and_read_again(session: Session, sample: Sample[Any]) -> None:
    keys = save(session, sample)
    for n, key in enumerate(keys, start=1):
        entity = session.get_one(sample.model, key)
        assert sample.key(entity) == key
        assert getattr(entity, sample.column) == getattr(sample.make(n), sample.column)
    assert len(set(keys)) == 3


@each_sample
def test_the_order_is_that_of_their_numbers(session: Session, sample: Sample[Any]) -> None:
    keys = save(session, sample)
    attribute = getattr(sample.model, sample.order)
    upwards = session.scalars(select(sample.model).order_by(attribute)).unique()
    assert [sample.key(entity) for entity in upwards] == keys
    downwards = session.scalars(select(sample.model).order_by(attribute.desc())).unique()
    assert [sample.key(entity) for entity in downwards] == keys[::-1]


@each_sample
def test_they_are_updated(session: Session, sample: Sample[Any]) -> None:
    first, second, third = save(session, sample)
    untouched = getattr(session.get_one(sample.model, third), sample.column)
    for key, value in zip((first, second), sample.values, strict=True):
        setattr(session.get_one(sample.model, key), sample.column, copy.deepcopy(value))
    session.commit()
    session.expunge_all()
    found = [getattr(session.get_one(sample.model, key), sample.column) for key in (first, second, third)]
    assert found == [*sample.values, untouched]


@each_sample
def test_they_are_deleted(session: Session, sample: Sample[Any]) -> None:
    first, second, third = save(session, sample)
    for key in (first, third):
        session.delete(session.get_one(sample.model, key))
    session.commit()
    assert [session.get(sample.model, key) is None for key in (first, second, third)] == [True, False, True]


def test_all_samples_live_in_one_database(session: Session) -> None:
    for sample in SAMPLES.values():
        session.add_all([sample.make(n) for n in (1, 2)])
    session.commit()
    for sample in SAMPLES.values():
        assert count(session, sample.model) >= 2


# What each kind of model is there for.


def test_a_user_has_relationships_of_every_shape(session: Session) -> None:
    ada, grace = make_user("ada"), make_user("grace")
    ada.profile = Profile(handle="ada", address=Address("1 Main Street", "London"))
    ada.country = Country(code="GB", name="United Kingdom")
    ada.groups = {Group(name="writers"), Group(name="readers")}
    ada.following = [grace]
    ada.audit_entries.add(AuditEntry(action="signed in", happened_at=START))
    session.add(ada)
    session.commit()
    session.expunge_all()
    found = session.scalars(select(User).where(User.is_staff, User.email.startswith("ada"))).one()
    assert found.profile is not None
    assert found.profile.address == Address("1 Main Street", "London")
    assert {group.name for group in found.groups} == {"writers", "readers"}
    assert [(followed.email, followed.followers) for followed in found.following] == [("grace@shop.example", [found])]
    assert [entry.happened_at for entry in session.scalars(found.audit_entries.select())] == [START]
    assert (found.is_staff, found.status, found.loyalty_points) == (True, UserStatus.ACTIVE, 0)


def test_a_user_leaves_with_what_is_its_own(session: Session) -> None:
    user = make_user("ada")
    user.profile = Profile(handle="ada", address=Address("1 Main Street", "London"))
    user.groups = {Group(name="writers")}
    user.audit_entries.add(AuditEntry(action="signed in", happened_at=START))
    session.add(user)
    session.commit()
    session.delete(user)
    session.commit()
    assert [count(session, model) for model in (User, Profile, AuditEntry, Group)] == [0, 0, 0, 1]


def test_the_column_behind_full_name_is_display_name() -> None:
    assert inspect(User).columns["full_name"].name == "display_name"
    assert inspect(Order).columns["customer_id"].name == "user_id"


def test_an_order_owns_its_items(session: Session) -> None:
    order, pen, ink = make_order("first"), make_product("pen"), make_product("ink")
    for position, product in enumerate((pen, ink), start=1):
        item = OrderItem(product=product, position=position, quantity=3, unit_price=Decimal("19.99"))
        order.items.append(item)
    session.add(order)
    session.commit()
    assert [item.total for item in order.items] == [Decimal("59.97"), Decimal("59.97")]
    assert list(order.products) == [pen, ink]
    order.items.pop()
    session.commit()
    assert count(session, OrderItem) == 1


def test_a_product_stands_once_in_an_order(session: Session) -> None:
    order, pen = make_order("first"), make_product("pen")
    order.items = [OrderItem(product=pen, position=n, quantity=1, unit_price=Decimal(1)) for n in (1, 2)]
    session.add(order)
    with pytest.raises(IntegrityError):
        session.flush()


def test_a_price_is_not_negative(session: Session) -> None:
    product = make_product("pen")
    product.price = Decimal("-0.01")
    session.add(product)
    with pytest.raises((IntegrityError, OperationalError), match="price_not_negative"):
        session.flush()


def test_a_product_knows_its_translations_by_language(session: Session) -> None:
    product = make_product("pen")
    product.translations["de"] = Translation(language="de", title="Stift")
    session.add(product)
    session.commit()
    assert session.get_one(Translation, (product.id, "de")) is product.translations["de"]


def test_employees_make_a_tree(session: Session) -> None:
    boss = Employee(first_name="Ada", last_name="Lovelace", title="Director", hired_on=START.date())
    boss.reports.append(Employee(first_name="Alan", last_name="Turing", title="Clerk", hired_on=START.date()))
    session.add(boss)
    session.commit()
    found = session.scalars(select(Employee).where(Employee.manager == boss)).one()
    assert (found.full_name, found.manager) == ("Alan Turing", boss)


def test_an_article_must_be_asked_for_its_tags(session: Session) -> None:
    article = SAMPLES[Article].make(1)
    article.tags = [Tag(name="science")]
    session.add(article)
    session.commit()
    session.expunge_all()
    article = session.scalars(select(Article)).one()
    with pytest.raises(InvalidRequestError, match="raise_on_sql"):
        _ = article.tags
    session.expunge_all()
    article = session.scalars(select(Article).options(joinedload(Article.tags))).unique().one()
    assert [tag.name for tag in article.tags] == ["science"]
    assert "body" not in article.__dict__


def test_articles_have_nulls_to_order_by(session: Session) -> None:
    save(session, SAMPLES[Article])
    ordered = select(Article.rating).order_by(Article.published_at.is_(None), Article.published_at.desc())
    assert session.scalars(ordered).all() == [3, 3, None]


def test_articles_have_the_index_of_their_database(engine: Engine) -> None:
    names = {index["name"] for index in inspect(engine).get_indexes("shop_articles")}
    expected = {"postgresql": {"ix_shop_articles_words"}, "mysql": {"ix_shop_articles_fulltext"}}
    expected["mariadb"] = expected["mysql"]
    assert names == expected.get(engine.dialect.name, set())


def test_a_coupon_validates() -> None:
    assert Coupon(code=" spring ", percent=5).code == "SPRING"
    with pytest.raises(ValueError, match="from 1 to 100"):
        Coupon(code="spring", percent=101)


def test_a_document_counts_its_edits(session: Session) -> None:
    document = SAMPLES[Document].make(1)
    session.add(document)
    session.commit()
    document.properties["draft"] = True
    session.commit()
    assert document.edits == 1


def test_a_stale_stock_is_not_written(session: Session) -> None:
    stock = SAMPLES[Stock].make(1)
    session.add(stock)
    session.flush()
    session.connection().execute(update(Stock).values(version=99))
    stock.quantity += 1
    with pytest.raises(StaleDataError):
        session.flush()


def test_times_are_aware_to_the_microsecond(session: Session) -> None:
    [key, *_] = save(session, SAMPLES[Order])
    assert session.get_one(Order, key).placed_at == START + timedelta(hours=1)


def test_people_come_back_as_what_they_are(session: Session) -> None:
    manager = Manager(name="b", level=3)
    team = Team(name="compilers", members=[Person(name="a"), manager])
    team.members.append(Engineer(name="c", language="Python", manager=manager))
    session.add(team)
    session.commit()
    session.expunge_all()
    people = session.scalars(select(Team)).one().members
    assert [type(person) for person in people] == [Person, Manager, Engineer]
    assert session.scalars(select(Manager)).one().reports == [people[2]]


def test_three_levels_are_one_entity(session: Session) -> None:
    for model in (Vehicle, Car, ElectricCar):
        session.add(SAMPLES[model].make(1))
    session.commit()
    session.expunge_all()
    found = session.scalars(select(Vehicle).order_by(Vehicle.id)).all()
    assert {type(vehicle) for vehicle in found} == {Vehicle, Car, ElectricCar}
    assert {type(car) for car in session.scalars(select(Car))} == {Car, ElectricCar}
    assert inspect(ElectricCar).primary_key[0].name == "id"


def test_animals_share_a_table(session: Session) -> None:
    shelter = Shelter(name="Hope", city="Springfield")
    cat = Cat(name="Tom", weight_grams=4_000, shelter=shelter)
    session.add(Dog(name="Spike", weight_grams=20_000, shelter=shelter, favorite_cat=cat))
    session.commit()
    session.expunge_all()
    dog = session.scalars(select(Dog)).one()
    assert dog.favorite_cat in session.scalars(select(Animal).where(Cat.weight_grams == 4_000)).all()
    session.delete(dog.shelter)
    session.commit()
    assert count(session, Animal) == 0


def test_authors_bring_their_books(session: Session) -> None:
    publisher = Publisher(name="Plain Press")
    author = Author(name="Ada", books=[Book(title="b", publisher=publisher), Book(title="a", publisher=publisher)])
    session.add(author)
    session.commit()
    session.expunge_all()
    found = session.scalars(select(Author)).unique().one()
    assert [book.title for book in found.__dict__["books"]] == ["a", "b"]


def test_dataclasses_are_made_by_their_fields(session: Session) -> None:
    invoice = dataclasses_mapped.Invoice("1", "Ada")
    line = dataclasses_mapped.InvoiceLine(label="pen", amount=Decimal("1.10"), invoice=invoice)
    assert invoice.lines == [line]
    assert dataclasses_mapped.Invoice("1", "Ada") == dataclasses_mapped.Invoice("1", "Ada")
    assert dataclasses_mapped.Invoice.__hash__ is None
    session.add(invoice)
    session.commit()
    assert line.invoice_id == invoice.id


def test_an_imperative_class_keeps_its_constructor(session: Session) -> None:
    account = imperative.Account("  Ada  ")
    account.book(START.date(), Decimal("1.50"))
    session.add(account)
    session.commit()
    session.expunge_all()
    found = session.scalars(select(imperative.Account).where(imperative.accounts.c.account_owner == "Ada")).one()
    assert [booking.amount for booking in found.bookings] == [Decimal("1.50")]


@pytest.mark.skipif("sqlmodel_models" in MISSING, reason=MISSING.get("sqlmodel_models", ""))
def test_a_sqlmodel_team_knows_its_heroes(session: Session) -> None:
    from .sqlmodel_models import HeroTeam, HeroTeamLink

    session.add(SAMPLES[HeroTeamLink].make(1))
    session.commit()
    session.expunge_all()
    team = session.scalars(select(HeroTeam)).one()
    assert [hero.name for hero in team.heroes] == ["hero-of-link-000001"]
