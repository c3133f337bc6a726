"""What a generic test needs to know of a model to do every repository operation on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Model = TypeVar("Model")


@dataclass(frozen=True)
class Sample(Generic[Model]):
    """How to make, name, change and order the entities of one model.

    All samples of all models can live in one database at once: what is unique bears the model's name and `n`.
    """

    model: type[Model]

    make: Callable[[int], Model]
    """Builds the n-th entity, n from 1: unsaved, valid, and with every row that it needs attached to it."""

    key: Callable[[Model], Any]
    """The primary key of an entity, a tuple when it is composite, in the order that `Session.get` takes."""

    column: str
    """A plain column, by its attribute name: not unique, no key, free to change. `make` sets it."""

    values: tuple[Any, Any]
    """Two legal values for `column`; `make` uses neither of them."""

    order: str
    """The attribute to order by: `make(1)`, `make(2)`, ... ascend in it, without equals."""

    key_from_client: bool = False
    """Whether `key` is known before the first flush: a UUID, a string, a composite of such."""

    parents: tuple[str, ...] = ()
    """The relationships that `make` fills, because a foreign key of the model is NOT NULL."""

    def __str__(self) -> str:
        """The model's name, for the ids of parametrized tests."""
        return self.model.__name__
