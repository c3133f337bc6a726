"""Advanced Alchemy's repositories, with the session settings that its documentation recommends."""

from __future__ import annotations

from collections.abc import Sequence

from advanced_alchemy.config import SQLAlchemySyncConfig, SyncSessionConfig
from advanced_alchemy.filters import LimitOffset
from advanced_alchemy.repository import SQLAlchemySyncRepository
from sqlalchemy import URL
from sqlalchemy.orm import Session

from ..data import Scale
from ..models.plain import Account, Hold, Note, User
from .base import Answer, SyncContestant

NEWEST = (User.created_at.desc(), User.id.asc())


class Users(SQLAlchemySyncRepository[User]):
    """Users."""

    model_type = User


class Accounts(SQLAlchemySyncRepository[Account]):
    """Accounts."""

    model_type = Account


class Holds(SQLAlchemySyncRepository[Hold]):
    """Holds."""

    model_type = Hold


class Notes(SQLAlchemySyncRepository[Note]):
    """Notes."""

    model_type = Note


class AdvancedAlchemy(SyncContestant):
    """Advanced Alchemy."""

    name = "advanced-alchemy"
    session: Session
    users: Users

    def __init__(self, url: URL, scale: Scale) -> None:
        super().__init__(url, scale)
        self.config = SQLAlchemySyncConfig(
            connection_string=url.render_as_string(hide_password=False),
            session_config=SyncSessionConfig(expire_on_commit=False),
        )
        self.sessions = self.config.create_session_maker()

    def close(self) -> None:
        self.config.get_engine().dispose()

    def begin_session(self) -> None:
        self.session = self.sessions()
        self.users = Users(session=self.session)

    def end_session(self) -> None:
        self.session.close()

    def get(self, key: int) -> Answer:
        with self.sessions() as session:
            return Users(session=session).get(key)

    def get_in_session(self, key: int) -> Answer:
        return self.users.get(key)

    def find(self, city: str, age: int) -> Answer:
        with self.sessions() as session:
            return self._find(Users(session=session), city, age)

    def find_in_session(self, city: str, age: int) -> Answer:
        return self._find(self.users, city, age)

    def _find(self, users: Users, city: str, age: int) -> Answer:
        return users.get_many(User.city == city, User.age >= age, LimitOffset(20, 0), order_by=list(NEWEST))

    def first_page(self) -> Answer:
        with self.sessions() as session:
            return Users(session=session).get_many(LimitOffset(20, 0), order_by=list(NEWEST))

    def list_many(self) -> Answer:
        with self.sessions() as session:
            return Users(session=session).get_many(LimitOffset(self.scale.many, 0), order_by=[User.id.asc()])

    def paginate(self, city: str, page: int) -> Answer:
        with self.sessions() as session:
            slice_ = LimitOffset(20, (page - 1) * 20)
            return Users(session=session).get_many_and_count(User.city == city, slice_, order_by=[User.id.asc()])

    def exists(self, email: str) -> Answer:
        with self.sessions() as session:
            return Users(session=session).exists(User.email == email)

    def count(self, city: str) -> Answer:
        with self.sessions() as session:
            return Users(session=session).count(User.city == city)

    def insert(self, account: int, body: str) -> Answer:
        with self.sessions() as session:
            note = Notes(session=session).add(Note(account_id=account, body=body), auto_commit=True)
            return note.id, note.created_at

    def update(self, account: int, balance: int) -> Answer:
        with self.sessions() as session:
            accounts = Accounts(session=session)
            found = accounts.get(account)
            found.balance = balance
            accounts.update(found, auto_commit=True)

    def transfer(self, source: int, target: int, hold: int) -> Answer:
        with self.sessions() as session:
            accounts, holds, notes = Accounts(session=session), Holds(session=session), Notes(session=session)
            paying, receiving = accounts.get(source), accounts.get(target)
            held = holds.get(hold)
            paying.balance -= held.amount
            receiving.balance += held.amount
            holds.delete(hold)
            notes.add_many([Note(account_id=source, body="paid"), Note(account_id=target, body="received")])
            session.commit()

    def add_many(self, bodies: Sequence[str]) -> Answer:
        with self.sessions() as session:
            Notes(session=session).add_many([Note(account_id=1, body=body) for body in bodies], auto_commit=True)
