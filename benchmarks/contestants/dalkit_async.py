"""dalkit under `await`, as its documentation shows it."""

from __future__ import annotations

from sqlalchemy import URL

from dalkit.aio import AsyncDatabaseManager, AsyncRepository, AsyncUnitOfWork

from ..data import Scale
from ..models.kit import Account, Hold, Note, User
from .base import Answer, Contestant
from .dalkit_sync import UserDefinition


class Users(UserDefinition, AsyncRepository[User, int]):
    """Users."""


class Accounts(AsyncRepository[Account, int]):
    """Accounts."""


class Holds(AsyncRepository[Hold, int]):
    """Holds."""


class Notes(AsyncRepository[Note, int]):
    """Notes."""


class Bank(AsyncUnitOfWork):
    """What a transfer needs."""

    accounts: Accounts
    holds: Holds
    notes: Notes


class Dalkit(Contestant):
    """dalkit."""

    name = "dalkit"

    def __init__(self, url: URL, scale: Scale) -> None:
        super().__init__(url, scale)
        self.db = AsyncDatabaseManager(url)

    async def close(self) -> None:
        await self.db.cleanup()

    async def get(self, key: int) -> Answer:
        async with self.db.session_scope(read_only=True) as session:
            return await Users(session).get(key)

    async def find(self, city: str, age: int) -> Answer:
        async with self.db.session_scope(read_only=True) as session:
            return await Users(session).find(User.city == city, User.age >= age, limit=20)

    async def insert(self, account: int, body: str) -> Answer:
        async with self.db.session_scope() as session:
            note = await Notes(session).add(Note(account_id=account, body=body))
        return note.id, note.created_at

    async def transfer(self, source: int, target: int, hold: int) -> Answer:
        async with Bank(self.db) as bank:
            paying, receiving = await bank.accounts.get_one(source), await bank.accounts.get_one(target)
            held = await bank.holds.get_one(hold)
            paying.balance -= held.amount
            receiving.balance += held.amount
            await bank.holds.delete(held)
            await bank.notes.add_all([Note(account_id=source, body="paid"), Note(account_id=target, body="received")])
