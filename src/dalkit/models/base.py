"""A declarative base with the defaults that a service wants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import MetaData, String, inspect
from sqlalchemy.orm import DeclarativeBase, InstanceState

from ..types import UTCDateTime
from .annotations import resolve_annotated

__all__ = ["NAMING_CONVENTION", "Base"]

NAMING_CONVENTION: Mapping[str, str] = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names for constraints and indexes that have none, so that migrations can drop them and errors can name them."""


class Base(DeclarativeBase):
    """A base for declarative models. Any other base works with dalkit too.

    This one brings:

    - names for all constraints ([NAMING_CONVENTION][dalkit.models.NAMING_CONVENTION]), in a metadata that all models
      of this base share; a subclass with `metadata = MetaData(naming_convention=NAMING_CONVENTION)` has its own;
    - aware datetimes: `Mapped[datetime]` is a [UTCDateTime][dalkit.types.UTCDateTime];
    - `String(255)` for a bare `Mapped[str]` on MariaDB and MySQL, which have no VARCHAR without a length;
    - `eager_defaults`: what the server makes is fetched with INSERT and UPDATE, so that entities stay readable after
      commit and under `await`;
    - a repr that shows class and primary key, no other value, and never sends SQL;
    - `Annotated[...]` with calls inside, under `from __future__ import annotations` too.
    """

    __abstract__ = True
    metadata = MetaData(naming_convention=dict(NAMING_CONVENTION))
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        datetime: UTCDateTime(),
        str: String().with_variant(String(255), "mysql", "mariadb"),
    }
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012

    def __init_subclass__(cls, **options: Any) -> None:
        resolve_annotated(cls)
        _keep_eager_defaults(cls)
        super().__init_subclass__(**options)

    def __repr__(self) -> str:
        """Shows the class and the primary key; works on detached, expired and deleted entities."""
        state: InstanceState[Any] = inspect(self)
        if state.identity is None:
            return f"<{type(self).__name__} (no key yet)>"
        names = [state.mapper.get_property_by_column(column).key for column in state.mapper.primary_key]
        key = ", ".join(f"{name}={value!r}" for name, value in zip(names, state.identity, strict=True))
        return f"<{type(self).__name__} {key}>"


def _keep_eager_defaults(cls: type) -> None:
    """A model that states mapper arguments of its own replaces those of the base."""
    own = cls.__dict__.get("__mapper_args__")
    if isinstance(own, dict):
        setattr(cls, "__mapper_args__", {"eager_defaults": True, **own})  # noqa: B010
