"""Models of every kind that people write, and samples of each, for tests that hold for all kinds.

    @pytest.mark.parametrize("sample", SAMPLES.values(), ids=str)
    def test_saves(sample, repository_of): ...

`METADATAS` are all the tables, whose names differ, so that one database holds them all; `create_tables` makes them.
Where a package that a kind of model needs is not installed, its models are left out and `MISSING` says why.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from sqlalchemy import Connection, MetaData
from sqlalchemy.orm import configure_mappers

from . import dataclasses_mapped, imperative, inheritance, plain_declarative, shop
from .sample import Sample

__all__ = ["METADATAS", "MISSING", "SAMPLES", "Sample", "create_tables", "drop_tables"]

_metadatas: list[MetaData] = [
    shop.ShopBase.metadata,
    inheritance.InheritanceBase.metadata,
    plain_declarative.PlainBase.metadata,
    dataclasses_mapped.DataclassBase.metadata,
    dataclasses_mapped.decorated.metadata,
    imperative.metadata,
]
_samples: list[Sample[Any]] = [
    *shop.SAMPLES,
    *inheritance.SAMPLES,
    *plain_declarative.SAMPLES,
    *dataclasses_mapped.SAMPLES,
    *imperative.SAMPLES,
]

MISSING: dict[str, str] = {}
"""The modules that are left out, and why; a test can skip with the reason."""

if find_spec("sqlmodel") is None:
    MISSING["sqlmodel_models"] = "sqlmodel is not installed: pip install sqlmodel"
else:
    from . import sqlmodel_models

    _metadatas.append(sqlmodel_models.ModelBase.metadata)
    _samples.extend(sqlmodel_models.SAMPLES)

METADATAS: tuple[MetaData, ...] = tuple(_metadatas)
"""Every metadata whose tables the models need."""

SAMPLES: dict[type, Sample[Any]] = {sample.model: sample for sample in _samples}
"""A sample of every model, by its class."""

# Relationships find their targets by class name. All models of dalkit's `Base` share these names: look them up now,
# before a test defines a `User` of its own.
configure_mappers()


def create_tables(connection: Connection) -> None:
    """Creates the tables of all models."""
    for metadata in METADATAS:
        metadata.create_all(connection)


def drop_tables(connection: Connection) -> None:
    """Drops the tables of all models, and the enumeration types of PostgreSQL."""
    for metadata in reversed(METADATAS):
        metadata.drop_all(connection)
