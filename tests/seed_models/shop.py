"""A shop on dalkit's `Base`: one of everything that declarative models do, short of inheritance.

Each class shows an idea or two, which its docstring names. Where two modules of an application would each hold half
of this, nothing would change: relationships find their targets by name.
"""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Computed,
    Connection,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import (
    Mapped,
    Mapper,
    WriteOnlyMapped,
    attribute_keyed_dict,
    column_property,
    composite,
    mapped_column,
    relationship,
    validates,
)

from dalkit import Base

from .sample import Sample


class ShopBase(Base):
    """The shop's tables have a `MetaData` of their own, under dalkit's naming convention."""

    __abstract__ = True
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


def values_of(choices: type[enum.Enum]) -> list[str]:
    """What an enumeration looks like in the database: its values, which survive a renamed member."""
    return [choice.value for choice in choices]


class UserStatus(enum.Enum):
    INVITED = "invited"
    ACTIVE = "active"
    BLOCKED = "blocked"


class OrderStatus(enum.Enum):
    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"


followers = Table(
    "shop_followers",
    ShopBase.metadata,
    Column("follower_id", ForeignKey("shop_users.id", ondelete="CASCADE"), primary_key=True),
    Column("followed_id", ForeignKey("shop_users.id", ondelete="CASCADE"), primary_key=True),
)

memberships = Table(
    "shop_memberships",
    ShopBase.metadata,
    Column("user_id", ForeignKey("shop_users.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", ForeignKey("shop_groups.id", ondelete="CASCADE"), primary_key=True),
)

article_tags = Table(
    "shop_article_tags",
    ShopBase.metadata,
    Column("article_id", ForeignKey("shop_articles.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", ForeignKey("shop_tags.id", ondelete="CASCADE"), primary_key=True),
)


class Country(ShopBase):
    """A string for a key: the ISO 3166 code of a country, or of a part of one."""

    __tablename__ = "shop_countries"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str]


class Group(ShopBase):
    """Many-to-many through a plain table, seen from the other side."""

    __tablename__ = "shop_groups"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")

    members: Mapped[set[User]] = relationship(secondary=memberships, back_populates="groups")


class User(ShopBase):
    """The hub: a relationship of every shape, an enum, a server default, a hybrid, a renamed column."""

    __tablename__ = "shop_users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    full_name: Mapped[str] = mapped_column("display_name", String(120))
    status: Mapped[UserStatus] = mapped_column(
        Enum(UserStatus, name="shop_user_status", values_callable=values_of), default=UserStatus.INVITED
    )
    loyalty_points: Mapped[int] = mapped_column(server_default=text("0"))
    country_code: Mapped[str | None] = mapped_column(ForeignKey("shop_countries.code"), index=True)

    country: Mapped[Country | None] = relationship(lazy="joined")
    profile: Mapped[Profile | None] = relationship(back_populates="user", cascade="all, delete-orphan")
    orders: Mapped[list[Order]] = relationship(back_populates="customer", order_by="Order.id")
    groups: Mapped[set[Group]] = relationship(secondary=memberships, back_populates="members")
    following: Mapped[list[User]] = relationship(
        secondary=followers,
        primaryjoin=lambda: User.id == followers.c.follower_id,
        secondaryjoin=lambda: User.id == followers.c.followed_id,
        back_populates="followers",
    )
    followers: Mapped[list[User]] = relationship(
        secondary=followers,
        primaryjoin=lambda: User.id == followers.c.followed_id,
        secondaryjoin=lambda: User.id == followers.c.follower_id,
        back_populates="following",
    )
    audit_entries: WriteOnlyMapped[AuditEntry] = relationship(
        back_populates="user", cascade="all, delete-orphan", passive_deletes=True, order_by="AuditEntry.id"
    )

    @hybrid_property
    def is_staff(self) -> bool:
        return self.email.endswith("@shop.example")

    @is_staff.inplace.expression
    @classmethod
    def _is_staff_expression(cls) -> ColumnElement[bool]:
        return cls.email.endswith("@shop.example", autoescape=True)


@dataclass(frozen=True)
class Address:
    """A value object: two columns, one attribute."""

    street: str
    city: str


class Profile(ShopBase):
    """One-to-one by a shared key; a composite value object; bytes."""

    __tablename__ = "shop_profiles"

    user_id: Mapped[int] = mapped_column(ForeignKey("shop_users.id", ondelete="CASCADE"), primary_key=True)
    handle: Mapped[str] = mapped_column(String(60), unique=True)
    biography: Mapped[str | None] = mapped_column(Text)
    address: Mapped[Address] = composite(mapped_column("street", String(120)), mapped_column("city", String(80)))
    portrait: Mapped[bytes | None] = mapped_column(LargeBinary)

    user: Mapped[User] = relationship(back_populates="profile")


class Product(ShopBase):
    """A UUID for a key, exact money, CHECK constraints, an index over the rows that are still sold."""

    __tablename__ = "shop_products"
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("weight_grams IS NULL OR weight_grams > 0", name="weight_positive"),
        Index(
            "ix_shop_products_sold",
            "name",
            postgresql_where=text("NOT discontinued"),
            sqlite_where=text("NOT discontinued"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    weight_grams: Mapped[int | None]
    discontinued: Mapped[bool] = mapped_column(default=False)

    translations: Mapped[dict[str, Translation]] = relationship(
        back_populates="product", cascade="all, delete-orphan", collection_class=attribute_keyed_dict("language")
    )


class Translation(ShopBase):
    """A composite key, one half of which is a foreign key; its parent holds it in a dictionary."""

    __tablename__ = "shop_translations"

    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shop_products.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(String(8), primary_key=True)
    title: Mapped[str]

    product: Mapped[Product] = relationship(back_populates="translations")


class Order(ShopBase):
    """A parent that owns its items: what leaves `items` is deleted. A foreign key whose column bears another name."""

    __tablename__ = "shop_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    status: Mapped[OrderStatus] = mapped_column(
        Enum(OrderStatus, name="shop_order_status", values_callable=values_of), default=OrderStatus.OPEN
    )
    placed_at: Mapped[datetime]
    customer_id: Mapped[int] = mapped_column("user_id", ForeignKey("shop_users.id"), index=True)

    customer: Mapped[User] = relationship(back_populates="orders")
    items: Mapped[list[OrderItem]] = relationship(
        back_populates="order", cascade="all, delete-orphan", order_by="OrderItem.position", lazy="selectin"
    )
    products: AssociationProxy[list[Product]] = association_proxy("items", "product")


class OrderItem(ShopBase):
    """An association object: how many, at the price of that day, and each product once in an order."""

    __tablename__ = "shop_order_items"
    __table_args__ = (
        UniqueConstraint("order_id", "product_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("shop_orders.id", ondelete="CASCADE"))
    product_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("shop_products.id"), index=True)
    position: Mapped[int]
    quantity: Mapped[int]
    unit_price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    total: Mapped[Decimal] = mapped_column(Numeric(12, 2), Computed("quantity * unit_price", persisted=True))

    order: Mapped[Order] = relationship(back_populates="items")
    product: Mapped[Product] = relationship(lazy="joined", innerjoin=True)


class Employee(ShopBase):
    """A tree in one table, and an attribute that is an expression over two columns."""

    __tablename__ = "shop_employees"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_name: Mapped[str] = mapped_column(String(60))
    last_name: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(60))
    hired_on: Mapped[date]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("shop_employees.id"), index=True)

    full_name: Mapped[str] = column_property(first_name + " " + last_name)
    manager: Mapped[Employee | None] = relationship(back_populates="reports", remote_side=[id])
    reports: Mapped[list[Employee]] = relationship(back_populates="manager", order_by="Employee.last_name")


class Tag(ShopBase):
    """The far side of a many-to-many that only articles know of."""

    __tablename__ = "shop_tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    color: Mapped[str] = mapped_column(String(20), default="gray")


class Article(ShopBase):
    """A full-text index per database, NULLs to order by, a long text loaded on demand.

    The options of an index are read by the name of the dialect: `mariadb+pymysql://` ignores `mysql_prefix`.
    The expression is written as PostgreSQL shows it, so that Alembic finds no difference.
    """

    __tablename__ = "shop_articles"
    __table_args__ = (
        Index(
            "ix_shop_articles_words",
            text("to_tsvector('english', (title || ' ') || body)"),
            postgresql_using="gin",
        ).ddl_if(dialect="postgresql"),
        Index("ix_shop_articles_fulltext", "title", "body", mysql_prefix="FULLTEXT", mariadb_prefix="FULLTEXT").ddl_if(
            dialect=("mysql", "mariadb")  # type: ignore[arg-type]  # documented, though not typed
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text, deferred=True)
    published_at: Mapped[datetime | None]
    rating: Mapped[int | None]

    tags: Mapped[list[Tag]] = relationship(secondary=article_tags, order_by=Tag.name, lazy="raise_on_sql")


class AuditEntry(ShopBase):
    """The many side of a collection too large to load; a 64-bit key, which SQLite makes only as INTEGER."""

    __tablename__ = "shop_audit_entries"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("shop_users.id", ondelete="CASCADE"), index=True)
    action: Mapped[str] = mapped_column(String(60))
    happened_at: Mapped[datetime]

    user: Mapped[User] = relationship(back_populates="audit_entries")


class Coupon(ShopBase):
    """`@validates`: one that normalises what it is given, one that refuses it."""

    __tablename__ = "shop_coupons"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    percent: Mapped[int]

    @validates("code")
    def normalize_code(self, key: str, code: str) -> str:
        return code.strip().upper()

    @validates("percent")
    def check_percent(self, key: str, percent: int) -> int:
        if not 1 <= percent <= 100:
            raise ValueError(f"percent must be from 1 to 100, got {percent}")
        return percent


class Document(ShopBase):
    """A mapper event counts the edits; a JSON column notices changes of its top level."""

    __tablename__ = "shop_documents"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    properties: Mapped[dict[str, Any]] = mapped_column(MutableDict.as_mutable(JSON()), default=dict)
    edits: Mapped[int] = mapped_column(default=0)


@event.listens_for(Document, "before_update")
def count_edit(mapper: Mapper[Document], connection: Connection, document: Document) -> None:
    document.edits += 1


class Stock(ShopBase):
    """Optimistic locking: an UPDATE with a version that is no longer true raises `StaleDataError`."""

    __tablename__ = "shop_stocks"

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf: Mapped[str] = mapped_column(String(40), unique=True)
    quantity: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}


# Samples. What is unique bears a label, so that the parents of one sample never meet the samples of their own model.

START = datetime(2024, 2, 28, 23, 59, 59, 123456, tzinfo=UTC)
NAMESPACE = uuid.UUID("5eed0000-0000-4000-8000-000000000000")


def make_user(label: str) -> User:
    return User(email=f"{label}@shop.example", full_name=f"Name of {label}", status=UserStatus.ACTIVE)


def make_product(label: str) -> Product:
    return Product(id=uuid.uuid5(NAMESPACE, label), name=label, price=Decimal("12.34"))


def make_order(label: str) -> Order:
    return Order(reference=label, placed_at=START, customer=make_user(label))


def make_profile(n: int) -> Profile:
    return Profile(
        user=make_user(f"profile-{n:06}"),
        handle=f"handle-{n:06}",
        biography="First line.\nSecond line: naïve, 日本, 🛒.",
        address=Address(street=f"{n} Main Street", city="Springfield"),
        portrait=bytes(range(256)),
    )


def make_translation(n: int) -> Translation:
    product = make_product(f"translation-{n:06}")
    return Translation(product_id=product.id, language="de", title=f"Titel {n:06}", product=product)


def make_timed_order(n: int) -> Order:
    return Order(
        reference=f"order-{n:06}",
        status=OrderStatus.OPEN,
        placed_at=START + timedelta(hours=n),
        customer=make_user(f"order-{n:06}"),
    )


def make_order_item(n: int) -> OrderItem:
    return OrderItem(
        order=make_order(f"item-{n:06}"),
        product=make_product(f"item-{n:06}"),
        position=n,
        quantity=3,
        unit_price=Decimal("19.99"),
    )


def make_employee(n: int) -> Employee:
    return Employee(
        first_name="Ada", last_name=f"Last {n:06}", title="Clerk", hired_on=START.date() + timedelta(days=n)
    )


def make_article(n: int) -> Article:
    """Every third one is neither published nor rated."""
    published = n % 3 != 0
    return Article(
        title=f"Article {n:06}",
        body=f"The quick brown fox jumps over {n} lazy dogs.",
        published_at=START + timedelta(days=n) if published else None,
        rating=3 if published else None,
    )


def make_audit_entry(n: int) -> AuditEntry:
    return AuditEntry(
        user=make_user(f"audit-{n:06}"), action="signed in", happened_at=START + timedelta(microseconds=n)
    )


SAMPLES: tuple[Sample[Any], ...] = (
    Sample(
        Country,
        make=lambda n: Country(code=f"C{n:06}", name=f"Country {n}"),
        key=attrgetter("code"),
        column="name",
        values=("Atlantis", "Utopia"),
        order="code",
        key_from_client=True,
    ),
    Sample(
        Group,
        make=lambda n: Group(name=f"group-{n:06}", description="Everybody"),
        key=attrgetter("id"),
        column="description",
        values=("readers", "writers"),
        order="name",
    ),
    Sample(
        User,
        make=lambda n: make_user(f"user-{n:06}"),
        key=attrgetter("id"),
        column="full_name",
        values=("Ada Lovelace", "Łukasz 李"),
        order="email",
    ),
    Sample(
        Profile,
        make=make_profile,
        key=attrgetter("user_id"),
        column="biography",
        values=("short", None),
        order="handle",
        parents=("user",),
    ),
    Sample(
        Product,
        make=lambda n: make_product(f"product-{n:06}"),
        key=attrgetter("id"),
        column="price",
        values=(Decimal("0.10"), Decimal("99999999.99")),
        order="name",
        key_from_client=True,
    ),
    Sample(
        Translation,
        make=make_translation,
        key=attrgetter("product_id", "language"),
        column="title",
        values=("Eins", "Zwei"),
        order="title",
        key_from_client=True,
        parents=("product",),
    ),
    Sample(
        Order,
        make=make_timed_order,
        key=attrgetter("id"),
        column="status",
        values=(OrderStatus.PAID, OrderStatus.SHIPPED),
        order="placed_at",
        parents=("customer",),
    ),
    Sample(
        OrderItem,
        make=make_order_item,
        key=attrgetter("id"),
        column="quantity",
        values=(1, 100),
        order="position",
        parents=("order", "product"),
    ),
    Sample(
        Employee,
        make=make_employee,
        key=attrgetter("id"),
        column="title",
        values=("Director", "Engineer"),
        order="hired_on",
    ),
    Sample(
        Tag,
        make=lambda n: Tag(name=f"tag-{n:06}", color="gray"),
        key=attrgetter("id"),
        column="color",
        values=("red", "blue"),
        order="name",
    ),
    Sample(Article, make=make_article, key=attrgetter("id"), column="rating", values=(1, 5), order="title"),
    Sample(
        AuditEntry,
        make=make_audit_entry,
        key=attrgetter("id"),
        column="action",
        values=("signed out", "paid"),
        order="happened_at",
        parents=("user",),
    ),
    Sample(
        Coupon,
        make=lambda n: Coupon(code=f"save-{n:06}", percent=5),
        key=attrgetter("id"),
        column="percent",
        values=(1, 100),
        order="code",
    ),
    Sample(
        Document,
        make=lambda n: Document(title=f"Document {n:06}", properties={"pages": n, "draft": False}),
        key=attrgetter("id"),
        column="properties",
        values=({"pages": 0, "authors": ["Ada", None]}, {}),
        order="title",
    ),
    Sample(
        Stock,
        make=lambda n: Stock(shelf=f"shelf-{n:06}", quantity=7),
        key=attrgetter("id"),
        column="quantity",
        values=(0, 70),
        order="shelf",
    ),
)
