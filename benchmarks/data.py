"""The rows, and how a target gets them back after a sample has changed them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, text

from .models import plain

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
CITIES = 50
OPENING_BALANCE = 1000


@dataclass(frozen=True)
class Scale:
    """How many rows there are.

    Attributes:
        users: Rows that are read.
        accounts: Rows that are updated.
        many: The size of lists and bulks.
    """

    users: int = 10_000
    accounts: int = 100
    many: int = 1000


def city(number: int) -> str:
    """Returns the name of a city."""
    return f"city {number % CITIES}"


def email(number: int) -> str:
    """Returns the address of a user."""
    return f"user{number}@example.org"


def users(scale: Scale, *, aware: bool) -> Iterator[dict[str, Any]]:
    """Yields the users, no two of them made at the same time."""
    for number in range(1, scale.users + 1):
        created = EPOCH + timedelta(seconds=number * 7919 % 1_000_003, microseconds=number)
        yield {
            "id": number,
            "email": email(number),
            "name": f"User {number}",
            "city": city(number * 31),
            "age": 18 + number % 60,
            "active": number % 3 != 0,
            "created_at": created if aware else created.replace(tzinfo=None),
        }


def create(engine: Engine, scale: Scale) -> None:
    """Makes the tables, and fills those that are only read."""
    plain.Base.metadata.drop_all(engine)
    plain.Base.metadata.create_all(engine)
    rows = list(users(scale, aware=engine.dialect.name == "postgresql"))
    with engine.begin() as connection:
        for start in range(0, len(rows), 1000):
            connection.execute(insert(plain.User), rows[start : start + 1000])
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def reset(engine: Engine, scale: Scale, holds: int) -> None:
    """Puts the tables that are written into their first state, with so many holds; keys begin at 1 again."""
    postgresql = engine.dialect.name == "postgresql"
    with engine.begin() as connection:
        for table in (plain.Account, plain.Hold, plain.Note):
            name = table.__tablename__
            connection.exec_driver_sql(
                f"TRUNCATE {name} RESTART IDENTITY" if postgresql else f"DELETE FROM {name}"  # noqa: S608
            )
            if engine.dialect.name in {"mysql", "mariadb"}:
                connection.exec_driver_sql(f"ALTER TABLE {name} AUTO_INCREMENT = 1")
        accounts = [
            {"id": number, "owner": f"owner {number}", "balance": OPENING_BALANCE}
            for number in range(1, scale.accounts + 1)
        ]
        connection.execute(insert(plain.Account), accounts)
        if holds:
            kept = [{"id": n, "account_id": 1 + n % scale.accounts, "amount": n % 7} for n in range(1, holds + 1)]
            connection.execute(insert(plain.Hold), kept)


def state(engine: Engine) -> dict[str, Any]:
    """Returns what the tables that are written hold, without the times that the server made."""
    asked = {
        "accounts": "SELECT id, balance FROM accounts ORDER BY id",
        "holds": "SELECT id FROM holds ORDER BY id",
        "notes": "SELECT id, account_id, body FROM notes ORDER BY id",
    }
    with engine.connect() as connection:
        return {name: [tuple(row) for row in connection.execute(text(query))] for name, query in asked.items()}
