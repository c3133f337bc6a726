"""dalkit: repositories, units of work and database managers on SQLAlchemy 2.

Here is what a synchronous application needs. The same under `await` is in [dalkit.aio][dalkit.aio].
"""

from .config import DatabaseConfig, PoolConfig
from .database import DatabaseManager, EngineHealth, PoolStatus
from .errors import (
    AfterCommitError,
    ConfigurationError,
    DalkitError,
    InvalidArgumentError,
    MultipleFoundError,
    NotFoundError,
    ReadOnlySessionError,
    UnitOfWorkError,
    UnknownFieldError,
)
from .models import Base
from .query import Definition, OptionSet, Page
from .repositories import Repository
from .session import Session
from .types import JSONType, UTCDateTime
from .unit_of_work import UnitOfWork, repository

__all__ = [
    "AfterCommitError",
    "Base",
    "ConfigurationError",
    "DalkitError",
    "DatabaseConfig",
    "DatabaseManager",
    "Definition",
    "EngineHealth",
    "InvalidArgumentError",
    "JSONType",
    "MultipleFoundError",
    "NotFoundError",
    "OptionSet",
    "Page",
    "PoolConfig",
    "PoolStatus",
    "ReadOnlySessionError",
    "Repository",
    "Session",
    "UTCDateTime",
    "UnitOfWork",
    "UnitOfWorkError",
    "UnknownFieldError",
    "repository",
]
__version__ = "0.1.0"
