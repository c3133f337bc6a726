"""Imperative mapping: classes that know nothing of tables, tables that know nothing of classes.

No attribute is named as its column. For type checkers, `Account.owner` is a plain string; criteria on it are written
with the table's columns, or with `sqlalchemy.orm.attributes`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any

from sqlalchemy import Column, Date, ForeignKey, Integer, MetaData, Numeric, String, Table
from sqlalchemy.orm import registry, relationship

from .sample import Sample

metadata = MetaData()
mapper_registry = registry(metadata=metadata)

accounts = Table(
    "imperative_accounts",
    metadata,
    Column("account_id", Integer, primary_key=True),
    Column("account_owner", String(120), nullable=False, unique=True),
    Column("account_branch", String(80)),
)

bookings = Table(
    "imperative_bookings",
    metadata,
    Column("booking_id", Integer, primary_key=True),
    Column("booking_account", ForeignKey("imperative_accounts.account_id"), nullable=False),
    Column("booking_date", Date, nullable=False),
    Column("booking_amount", Numeric(10, 2), nullable=False),
)

exchange_rates = Table(
    "imperative_exchange_rates",
    metadata,
    Column("rate_currency", String(8), primary_key=True),
    Column("rate_date", Date, primary_key=True),
    Column("rate_value", Numeric(12, 6), nullable=False),
)


class Account:
    """A plain class with a constructor of its own, which loading from the database does not call."""

    id: int
    bookings: list[Booking]

    def __init__(self, owner: str, branch: str | None = None) -> None:
        self.owner = owner.strip()
        self.branch = branch

    def book(self, on: date, amount: Decimal) -> Booking:
        booking = Booking(on=on, amount=amount)
        self.bookings.append(booking)
        return booking


@dataclass(eq=False)
class Booking:
    """A dataclass of the standard library, mapped as it is."""

    on: date
    amount: Decimal
    account: Account | None = field(default=None, repr=False)
    id: int | None = None


@dataclass(eq=False)
class ExchangeRate:
    """A composite key of the client's."""

    currency: str
    day: date
    value: Decimal


mapper_registry.map_imperatively(
    Account,
    accounts,
    properties={
        "id": accounts.c.account_id,
        "owner": accounts.c.account_owner,
        "branch": accounts.c.account_branch,
        "bookings": relationship(Booking, back_populates="account", order_by=bookings.c.booking_date),
    },
)
mapper_registry.map_imperatively(
    Booking,
    bookings,
    properties={
        "id": bookings.c.booking_id,
        "account_id": bookings.c.booking_account,
        "on": bookings.c.booking_date,
        "amount": bookings.c.booking_amount,
        "account": relationship(Account, back_populates="bookings"),
    },
)
mapper_registry.map_imperatively(
    ExchangeRate,
    exchange_rates,
    properties={
        "currency": exchange_rates.c.rate_currency,
        "day": exchange_rates.c.rate_date,
        "value": exchange_rates.c.rate_value,
    },
)

START = date(2024, 2, 28)


def make_booking(n: int) -> Booking:
    return Account(f"owner-of-booking-{n:06}").book(START + timedelta(days=n), Decimal("-12.34"))


SAMPLES: tuple[Sample[Any], ...] = (
    Sample(
        Account,
        make=lambda n: Account(f"owner-{n:06}", "North"),
        key=attrgetter("id"),
        column="branch",
        values=("South", None),
        order="owner",
    ),
    Sample(
        Booking,
        make=make_booking,
        key=attrgetter("id"),
        column="amount",
        values=(Decimal("0.01"), Decimal("1000.00")),
        order="on",
        parents=("account",),
    ),
    Sample(
        ExchangeRate,
        make=lambda n: ExchangeRate("EUR", START + timedelta(days=n), Decimal("1.085000")),
        key=attrgetter("currency", "day"),
        column="value",
        values=(Decimal("0.000001"), Decimal("1.123456")),
        order="day",
        key_from_client=True,
    ),
)
