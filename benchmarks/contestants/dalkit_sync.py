"""dalkit as its documentation shows it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import URL, ColumnExpressionArgument

from dalkit import DatabaseManager, Repository, Session, UnitOfWork
from dalkit.query import Definition

from ..data import Scale
from ..models.kit import Account, Hold, Note, User
from .base import Answer, SyncContestant


class UserDefinition(Definition[User, int]):
    """Users, the newest first."""

    @classmethod
    def default_order(cls) -> Sequence[ColumnExpressionArgument[object]]:
        """The newest first."""
        return (User.created_at.desc(),)


class Users(UserDefinition, Repository[User, int]):
    """Users."""


class Accounts(Repository[Account, int]):
    """Accounts."""


class Holds(Repository[Hold, int]):
    """Holds."""


class Notes(Repository[Note, int]):
    """Notes."""


class Bank(UnitOfWork):
    """What a transfer needs."""

    accounts: Accounts
    holds: Holds
    notes: Notes


class Dalkit(SyncContestant):
    """dalkit."""

    name = "dalkit"
    session: Session
    users: Users

    def __init__(self, url: URL, scale: Scale) -> None:
        super().__init__(url, scale)
        self.db = DatabaseManager(url)

    def close(self) -> None:
        self.db.cleanup()

    def begin_session(self) -> None:
        self.session = self.db.open_session()
        self.users = Users(self.session)

    def end_session(self) -> None:
        self.session.close()

    def get(self, key: int) -> Answer:
        with self.db.session_scope(read_only=True) as session:
            return Users(session).get(key)

    def get_in_session(self, key: int) -> Answer:
        return self.users.get(key)

    def find(self, city: str, age: int) -> Answer:
        with self.db.session_scope(read_only=True) as session:
            return Users(session).find(User.city == city, User.age >= age, limit=20)

    def find_in_session(self, city: str, age: int) -> Answer:
        return self.users.find(User.city == city, User.age >= age, limit=20)

    def first_page(self) -> Answer:
        with self.db.session_scope(read_only=True) as session:
            return Users(session).find(limit=20)

    def list_many(self) -> Answer:
        with self.db.session_scope(read_only=True) as session:
            return Users(session).find(order_by=User.id, limit=self.scale.many)

    def paginate(self, city: str, page: int) -> Answer:
        with self.db.session_scope(read_only=True) as session:
            found = Users(session).paginate(User.city == city, page=page, order_by=User.id)
            return found.items, found.total

    def exists(self, email: str) -> Answer:
        with self.db.session_scope(read_only=True) as session:
            return Users(session).exists(User.email == email)

    def count(self, city: str) -> Answer:
        with self.db.session_scope(read_only=True) as session:
            return Users(session).count(User.city == city)

    def insert(self, account: int, body: str) -> Answer:
        with self.db.session_scope() as session:
            note = Notes(session).add(Note(account_id=account, body=body))
        return note.id, note.created_at

    def update(self, account: int, balance: int) -> Answer:
        with self.db.session_scope() as session:
            Accounts(session).update(account, {"balance": balance})

    def transfer(self, source: int, target: int, hold: int) -> Answer:
        with Bank(self.db) as bank:
            paying, receiving = bank.accounts.get_one(source), bank.accounts.get_one(target)
            held = bank.holds.get_one(hold)
            paying.balance -= held.amount
            receiving.balance += held.amount
            bank.holds.delete(held)
            bank.notes.add_all([Note(account_id=source, body="paid"), Note(account_id=target, body="received")])

    def add_many(self, bodies: Sequence[str]) -> Answer:
        with self.db.session_scope() as session:
            Notes(session).add_all(Note(account_id=1, body=body) for body in bodies)
