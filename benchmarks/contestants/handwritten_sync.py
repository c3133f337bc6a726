"""SQLAlchemy by hand: a sessionmaker, `session.get`, `select()` where it is needed, SQLAlchemy's defaults."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import URL, create_engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from ..data import Scale
from ..models.plain import Account, Hold, Note, User
from .base import Answer, SyncContestant


class Handwritten(SyncContestant):
    """What a competent user writes."""

    name = "sqlalchemy"
    session: Session

    def __init__(self, url: URL, scale: Scale) -> None:
        super().__init__(url, scale)
        self.engine = create_engine(url)
        self.sessions = sessionmaker(self.engine)

    def close(self) -> None:
        self.engine.dispose()

    def begin_session(self) -> None:
        self.session = self.sessions()

    def end_session(self) -> None:
        self.session.close()

    def get(self, key: int) -> Answer:
        with self.sessions() as session:
            return session.get(User, key)

    def get_in_session(self, key: int) -> Answer:
        return self.session.get(User, key)

    def find(self, city: str, age: int) -> Answer:
        with self.sessions() as session:
            return self._find(session, city, age)

    def find_in_session(self, city: str, age: int) -> Answer:
        return self._find(self.session, city, age)

    def _find(self, session: Session, city: str, age: int) -> Answer:
        statement = (
            select(User).where(User.city == city, User.age >= age).order_by(User.created_at.desc(), User.id).limit(20)
        )
        return session.scalars(statement).all()

    def first_page(self) -> Answer:
        with self.sessions() as session:
            return session.scalars(select(User).order_by(User.created_at.desc(), User.id).limit(20)).all()

    def list_many(self) -> Answer:
        with self.sessions() as session:
            return session.scalars(select(User).order_by(User.id).limit(self.scale.many)).all()

    def paginate(self, city: str, page: int) -> Answer:
        where = User.city == city
        with self.sessions() as session:
            total = session.scalar(select(func.count()).select_from(User).where(where))
            statement = select(User).where(where).order_by(User.id).limit(20).offset((page - 1) * 20)
            return session.scalars(statement).all(), total

    def exists(self, email: str) -> Answer:
        with self.sessions() as session:
            return session.scalar(select(select(User.id).where(User.email == email).exists()))

    def count(self, city: str) -> Answer:
        with self.sessions() as session:
            return session.scalar(select(func.count()).select_from(User).where(User.city == city))

    def insert(self, account: int, body: str) -> Answer:
        with self.sessions() as session:
            note = Note(account_id=account, body=body)
            session.add(note)
            session.commit()
            session.refresh(note)
            return note.id, note.created_at

    def update(self, account: int, balance: int) -> Answer:
        with self.sessions.begin() as session:
            session.get_one(Account, account).balance = balance

    def transfer(self, source: int, target: int, hold: int) -> Answer:
        with self.sessions.begin() as session:
            paying, receiving = session.get_one(Account, source), session.get_one(Account, target)
            held = session.get_one(Hold, hold)
            paying.balance -= held.amount
            receiving.balance += held.amount
            session.delete(held)
            session.add_all([Note(account_id=source, body="paid"), Note(account_id=target, body="received")])

    def add_many(self, bodies: Sequence[str]) -> Answer:
        with self.sessions.begin() as session:
            session.add_all([Note(account_id=1, body=body) for body in bodies])
