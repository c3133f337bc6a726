"""Models as an application writes them, on dalkit's base."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dalkit import Base, JSONType


class User(Base):
    """A key that the database makes, and an attribute of every sort that a criterion can name."""

    __tablename__ = "typing_users"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    age: Mapped[int | None]
    active: Mapped[bool] = mapped_column(default=True)
    joined_at: Mapped[datetime]
    settings: Mapped[dict[str, Any]] = mapped_column(JSONType())

    orders: Mapped[list[Order]] = relationship(back_populates="user")

    @hybrid_property
    def adult(self) -> bool:
        """True for whom age is known to be 18 or more."""
        return self.age is not None and self.age >= 18

    @adult.inplace.expression
    @classmethod
    def _adult_expression(cls) -> ColumnElement[bool]:
        return cls.age >= 18


class Order(Base):
    """A UUID for a key, and rows that belong to tenants."""

    __tablename__ = "typing_orders"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    tenant_id: Mapped[int]
    user_id: Mapped[int] = mapped_column(ForeignKey("typing_users.id"))
    note: Mapped[str | None]

    user: Mapped[User] = relationship(back_populates="orders")


class Translation(Base):
    """A composite key."""

    __tablename__ = "typing_translations"

    product: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
