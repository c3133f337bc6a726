"""The same library under `await`: typed shells over the same operations. Needs the extra `asyncio`.

SQLAlchemy runs every call of its `AsyncSession` in a greenlet; here a whole operation crosses into it once.
"""

from .database import AsyncDatabaseManager
from .repositories import AsyncRepository
from .unit_of_work import AsyncUnitOfWork, repository

__all__ = ["AsyncDatabaseManager", "AsyncRepository", "AsyncUnitOfWork", "repository"]
