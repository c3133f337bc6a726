"""A declarative base with the defaults that a service wants."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Double, MetaData, String, Uuid, inspect
from sqlalchemy.orm import DeclarativeBase, DeclarativeBaseNoMeta, InstanceState, registry
from sqlalchemy.types import TypeEngine

from ..types import UTCDateTime
from .annotations import resolve_annotated

__all__ = ["NAMING_CONVENTION", "Base", "ModelDefaults"]

NAMING_CONVENTION: Mapping[str, str] = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Names for constraints and indexes that have none, so that migrations can drop them and errors can name them."""

MARIADB = ("mysql", "mariadb")


def default_types() -> dict[Any, TypeEngine[Any]]:
    """Returns the column types of annotations that SQLAlchemy maps differently, or not at all, on some database."""
    return {
        datetime: UTCDateTime(),
        float: Double(),
        str: String().with_variant(String(255), *MARIADB),
        uuid.UUID: Uuid().with_variant(Uuid(native_uuid=False), *MARIADB),
    }


class ModelDefaults:
    """What [Base][dalkit.Base] adds to a declarative base, for bases of your own.

    Put it to the left of SQLAlchemy's class, to get a second base with a registry and a metadata of its own:

        class ReportBase(ModelDefaults, DeclarativeBase):
            pass

    It brings:

    - names for all constraints ([NAMING_CONVENTION][dalkit.models.NAMING_CONVENTION]);
    - aware datetimes: `Mapped[datetime]` is a [UTCDateTime][dalkit.types.UTCDateTime];
    - `String(255)` for a bare `Mapped[str]` on MariaDB and MySQL, which have no VARCHAR without a length; double
      precision for `Mapped[float]`, and `CHAR(32)` for `Mapped[UUID]` there, on every line of SQLAlchemy;
    - `eager_defaults`: what the server makes is fetched with INSERT and UPDATE, so that entities stay readable after
      commit and under `await`;
    - a repr that shows class and primary key, no other value, and never sends SQL;
    - `Annotated[...]` with calls inside, under `from __future__ import annotations` too.
    """

    __mapper_args__: Any = {"eager_defaults": True}  # noqa: RUF012

    def __init_subclass__(cls, **options: Any) -> None:
        if DeclarativeBase in cls.__bases__ or DeclarativeBaseNoMeta in cls.__bases__:
            _set_base_defaults(cls)
        resolve_annotated(cls)
        _keep_eager_defaults(cls)
        super().__init_subclass__(**options)

    def __repr__(self) -> str:
        """Shows the class and the primary key; works on detached, expired and deleted entities."""
        state: InstanceState[Any] = inspect(self, raiseerr=True)
        if state.identity is None:
            return f"<{type(self).__name__} (no key yet)>"
        names = [state.mapper.get_property_by_column(column).key for column in state.mapper.primary_key]
        key = ", ".join(f"{name}={value!r}" for name, value in zip(names, state.identity, strict=True))
        return f"<{type(self).__name__} {key}>"


def _set_base_defaults(cls: type) -> None:
    """Fills what a declarative base leaves open; SQLAlchemy looks for it in the class itself."""
    own = vars(cls).get("registry")
    if isinstance(own, registry):
        own.update_type_annotation_map(default_types() | own.type_annotation_map)
        return
    types: Any = vars(cls).get("type_annotation_map", {})
    setattr(cls, "type_annotation_map", default_types() | types)  # noqa: B010
    if "metadata" not in vars(cls):
        setattr(cls, "metadata", MetaData(naming_convention=dict(NAMING_CONVENTION)))  # noqa: B010


def _keep_eager_defaults(cls: type) -> None:
    """A model that states mapper arguments of its own replaces those of the base."""
    own = vars(cls).get("__mapper_args__")
    if isinstance(own, dict):
        setattr(cls, "__mapper_args__", {"eager_defaults": True, **own})  # noqa: B010


class Base(ModelDefaults, DeclarativeBase):
    """A base for declarative models. Any other base works with dalkit, too.

    What it adds is told by [ModelDefaults][dalkit.models.ModelDefaults]. All its models share one metadata and one
    registry, in which relationships find classes by name; a subclass with `metadata = MetaData(...)` has tables of its
    own, a base of your own with `ModelDefaults` has names of its own, too.
    """
