"""SQLAlchemy's `AsyncSession` by hand, with `expire_on_commit=False`, as SQLAlchemy's documentation advises."""

from __future__ import annotations

from sqlalchemy import URL, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine

from ..data import Scale
from ..models.plain import Account, Hold, Note, User
from .base import Answer, Contestant


class Handwritten(Contestant):
    """What a competent user writes."""

    name = "sqlalchemy"

    def __init__(self, url: URL, scale: Scale) -> None:
        super().__init__(url, scale)
        self.engine = create_async_engine(url)
        self.sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    async def close(self) -> None:
        await self.engine.dispose()

    async def get(self, key: int) -> Answer:
        async with self.sessions() as session:
            return await session.get(User, key)

    async def find(self, city: str, age: int) -> Answer:
        statement = (
            select(User).where(User.city == city, User.age >= age).order_by(User.created_at.desc(), User.id).limit(20)
        )
        async with self.sessions() as session:
            return (await session.scalars(statement)).all()

    async def insert(self, account: int, body: str) -> Answer:
        async with self.sessions.begin() as session:
            note = Note(account_id=account, body=body)
            session.add(note)
        return note.id, note.created_at

    async def transfer(self, source: int, target: int, hold: int) -> Answer:
        async with self.sessions.begin() as session:
            paying, receiving = await session.get_one(Account, source), await session.get_one(Account, target)
            held = await session.get_one(Hold, hold)
            paying.balance -= held.amount
            receiving.balance += held.amount
            await session.delete(held)
            session.add_all([Note(account_id=source, body="paid"), Note(account_id=target, body="received")])
