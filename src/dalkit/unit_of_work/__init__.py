"""One transaction over several repositories, with savepoints and hooks."""

from .unit import SessionSource, UnitOfWork
from .wiring import repository

__all__ = ["SessionSource", "UnitOfWork", "repository"]
