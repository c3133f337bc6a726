"""Advanced Alchemy's asynchronous repositories, with the session settings that its documentation recommends."""

from __future__ import annotations

from advanced_alchemy.config import AsyncSessionConfig, SQLAlchemyAsyncConfig
from advanced_alchemy.filters import LimitOffset
from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import URL

from ..data import Scale
from ..models.plain import Account, Hold, Note, User
from .base import Answer, Contestant

NEWEST = (User.created_at.desc(), User.id.asc())


class Users(SQLAlchemyAsyncRepository[User]):
    """Users."""

    model_type = User


class Accounts(SQLAlchemyAsyncRepository[Account]):
    """Accounts."""

    model_type = Account


class Holds(SQLAlchemyAsyncRepository[Hold]):
    """Holds."""

    model_type = Hold


class Notes(SQLAlchemyAsyncRepository[Note]):
    """Notes."""

    model_type = Note


class AdvancedAlchemy(Contestant):
    """Advanced Alchemy."""

    name = "advanced-alchemy"

    def __init__(self, url: URL, scale: Scale) -> None:
        super().__init__(url, scale)
        self.config = SQLAlchemyAsyncConfig(
            connection_string=url.render_as_string(hide_password=False),
            session_config=AsyncSessionConfig(expire_on_commit=False),
        )
        self.sessions = self.config.create_session_maker()

    async def close(self) -> None:
        await self.config.get_engine().dispose()

    async def get(self, key: int) -> Answer:
        async with self.sessions() as session:
            return await Users(session=session).get(key)

    async def find(self, city: str, age: int) -> Answer:
        async with self.sessions() as session:
            users = Users(session=session)
            return await users.get_many(User.city == city, User.age >= age, LimitOffset(20, 0), order_by=list(NEWEST))

    async def insert(self, account: int, body: str) -> Answer:
        async with self.sessions() as session:
            note = await Notes(session=session).add(Note(account_id=account, body=body), auto_commit=True)
            return note.id, note.created_at

    async def transfer(self, source: int, target: int, hold: int) -> Answer:
        async with self.sessions() as session:
            accounts, holds, notes = Accounts(session=session), Holds(session=session), Notes(session=session)
            paying, receiving = await accounts.get(source), await accounts.get(target)
            held = await holds.get(hold)
            paying.balance -= held.amount
            receiving.balance += held.amount
            await holds.delete(hold)
            await notes.add_many([Note(account_id=source, body="paid"), Note(account_id=target, body="received")])
            await session.commit()
