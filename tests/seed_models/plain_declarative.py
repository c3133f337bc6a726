"""The same on a plain `DeclarativeBase`: nothing of dalkit, no naming convention, constraints named by the database.

Beside annotated classes it has the two older styles that live on in many applications.
"""

from __future__ import annotations

from datetime import date, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from .sample import Sample


class PlainBase(DeclarativeBase):
    """As in SQLAlchemy's own tutorial."""


class Author(PlainBase):
    """A collection that every query of authors joins."""

    __tablename__ = "plain_authors"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    born_on: Mapped[date | None]

    books: Mapped[list[Book]] = relationship(
        back_populates="author", cascade="all, delete-orphan", order_by="Book.title", lazy="joined"
    )


class Book(PlainBase):
    """The many side, with a unique pair that has no name."""

    __tablename__ = "plain_books"
    __table_args__ = (UniqueConstraint("author_id", "title"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    edition: Mapped[int] = mapped_column(default=1)
    author_id: Mapped[int] = mapped_column(ForeignKey("plain_authors.id"))
    publisher_id: Mapped[int | None] = mapped_column(ForeignKey("plain_publishers.publisher_id"))

    author: Mapped[Author] = relationship(back_populates="books")
    publisher: Mapped[Publisher | None] = relationship(back_populates="books")


class Publisher(PlainBase):
    """A declarative class over a `Table` that was there first."""

    __table__ = Table(
        "plain_publishers",
        PlainBase.metadata,
        Column("publisher_id", Integer, primary_key=True),
        Column("publisher_name", String(120), nullable=False, unique=True),
        Column("founded", Date),
    )

    id = __table__.c.publisher_id
    name = __table__.c.publisher_name

    books: Mapped[list[Book]] = relationship(back_populates="publisher")


class Review(PlainBase):
    """Columns without annotations, as before SQLAlchemy 2."""

    __tablename__ = "plain_reviews"

    id = mapped_column(Integer, primary_key=True)
    subject = mapped_column(String(120), nullable=False)
    opinion = mapped_column(Text, nullable=False)
    stars = Column(Integer)


SAMPLES: tuple[Sample[Any], ...] = (
    Sample(
        Author,
        make=lambda n: Author(name=f"author-{n:06}", born_on=date(1815, 12, 10)),
        key=attrgetter("id"),
        column="born_on",
        values=(date(1906, 12, 9), None),
        order="name",
    ),
    Sample(
        Book,
        make=lambda n: Book(title=f"book-{n:06}", edition=1, author=Author(name=f"author-of-book-{n:06}")),
        key=attrgetter("id"),
        column="edition",
        values=(2, 3),
        order="title",
        parents=("author",),
    ),
    Sample(
        Publisher,
        make=lambda n: Publisher(name=f"publisher-{n:06}", founded=date(1832, 12, 31)),
        key=attrgetter("id"),
        column="founded",
        values=(date(1833, 1, 1), date(1833, 1, 1) + timedelta(days=1)),
        order="name",
    ),
    Sample(
        Review,
        make=lambda n: Review(subject=f"review-{n:06}", opinion="Not read yet.", stars=None),
        key=attrgetter("id"),
        column="stars",
        values=(1, 5),
        order="subject",
    ),
)
