"""The tables on dalkit's base: aware datetimes on every database."""

from __future__ import annotations

from sqlalchemy.orm import DeclarativeBase

from dalkit.models import ModelDefaults

from .columns import AccountColumns, HoldColumns, NoteColumns, UserColumns


class Base(ModelDefaults, DeclarativeBase):
    """A base with a metadata of its own."""


class User(UserColumns, Base):
    """See UserColumns."""


class Account(AccountColumns, Base):
    """See AccountColumns."""


class Hold(HoldColumns, Base):
    """See HoldColumns."""


class Note(NoteColumns, Base):
    """See NoteColumns."""
