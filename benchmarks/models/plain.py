"""The tables as SQLAlchemy maps them by default."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase

from .columns import AccountColumns, HoldColumns, NoteColumns, UserColumns


class Base(DeclarativeBase):
    """SQLAlchemy's own base, with zones where the database has them."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: DateTime(timezone=True)}


class User(UserColumns, Base):
    """See UserColumns."""


class Account(AccountColumns, Base):
    """See AccountColumns."""


class Hold(HoldColumns, Base):
    """See HoldColumns."""


class Note(NoteColumns, Base):
    """See NoteColumns."""
