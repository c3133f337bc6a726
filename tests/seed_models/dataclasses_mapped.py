"""Mapped classes that are dataclasses: a base, keyword-only classes, and the decorator.

A dataclass with `eq` compares by value and has no hash: collect such entities in lists, never in sets.
"""

from __future__ import annotations

import uuid
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import ForeignKey, MetaData, Numeric, String
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    mapped_as_dataclass,
    mapped_column,
    registry,
    relationship,
)

from .sample import Sample


class DataclassBase(MappedAsDataclass, DeclarativeBase):
    """Makes every class below it a dataclass."""


class Invoice(DataclassBase):
    """Positional arguments, a key that the database makes, a collection that starts empty."""

    __tablename__ = "dataclass_invoices"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    recipient: Mapped[str] = mapped_column(String(120))
    note: Mapped[str | None] = mapped_column(String(200), default=None)

    lines: Mapped[list[InvoiceLine]] = relationship(
        back_populates="invoice", cascade="all, delete-orphan", default_factory=list, order_by="InvoiceLine.label"
    )


class InvoiceLine(DataclassBase, kw_only=True):
    """Keyword-only: fields with and without defaults in any order."""

    __tablename__ = "dataclass_invoice_lines"

    id: Mapped[int] = mapped_column(init=False, primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("dataclass_invoices.id"), init=False)
    quantity: Mapped[int] = mapped_column(default=1)
    label: Mapped[str] = mapped_column(String(120))
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))

    invoice: Mapped[Invoice] = relationship(back_populates="lines", repr=False, compare=False)


class Receipt(DataclassBase, kw_only=True, eq=False):
    """A key that the client makes when the object is made; equal only to itself, and so fit for sets."""

    __tablename__ = "dataclass_receipts"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default_factory=uuid.uuid4)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    paid: Mapped[int]


decorated = registry(metadata=MetaData())


@mapped_as_dataclass(decorated, kw_only=True)
class Currency:
    """No base class at all: the decorator maps, and makes the dataclass."""

    __tablename__ = "dataclass_currencies"

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    symbol: Mapped[str] = mapped_column(String(8))
    digits: Mapped[int] = mapped_column(default=2)


NAMESPACE = uuid.UUID("5eed0000-0000-4000-8000-000000000001")

SAMPLES: tuple[Sample[Any], ...] = (
    Sample(
        Invoice,
        make=lambda n: Invoice(f"invoice-{n:06}", "Ada Lovelace"),
        key=attrgetter("id"),
        column="recipient",
        values=("Grace Hopper", "Alan Turing"),
        order="number",
    ),
    Sample(
        InvoiceLine,
        make=lambda n: InvoiceLine(
            label=f"line-{n:06}",
            quantity=1,
            amount=Decimal("7.50"),
            invoice=Invoice(f"invoice-of-line-{n:06}", "Ada Lovelace"),
        ),
        key=attrgetter("id"),
        column="quantity",
        values=(2, 3),
        order="label",
        parents=("invoice",),
    ),
    Sample(
        Receipt,
        make=lambda n: Receipt(id=uuid.uuid5(NAMESPACE, str(n)), number=f"receipt-{n:06}", paid=100),
        key=attrgetter("id"),
        column="paid",
        values=(0, 200),
        order="number",
        key_from_client=True,
    ),
    Sample(
        Currency,
        make=lambda n: Currency(code=f"X{n:06}", symbol="¤"),
        key=attrgetter("code"),
        column="symbol",
        values=("€", "£"),
        order="code",
        key_from_client=True,
    ),
)
