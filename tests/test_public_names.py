"""Public names exist and say what they are. That the reference has them all is tested with the documentation."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any

import pytest

import dalkit
from dalkit import DalkitError
from tests.test_documentation import PUBLIC_MODULES

MODULES = [importlib.import_module(name) for name in dict.fromkeys([*PUBLIC_MODULES, "dalkit.repositories"])]
CLASSES = {
    each.__qualname__: each
    for module in MODULES
    for each in (getattr(module, name, None) for name in module.__all__)
    if inspect.isclass(each)
}
by_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
by_class = pytest.mark.parametrize("cls", CLASSES.values(), ids=CLASSES)


def own_bases(cls: type) -> list[type]:
    """A class and its bases, as far as they are dalkit's."""
    return [each for each in cls.__mro__ if each.__module__.partition(".")[0] == "dalkit"]


def public_members(cls: type) -> Iterator[tuple[str, Any]]:
    """The methods and properties that a class of dalkit has from dalkit."""
    for base in own_bases(cls):
        for name, member in vars(base).items():
            if not name.startswith("_"):
                yield name, getattr(member, "__func__", member)


@by_module
def test_a_module_has_each_name_that_it_lists_once(module: Any) -> None:
    assert [name for name in module.__all__ if not hasattr(module, name)] == []
    assert len(set(module.__all__)) == len(module.__all__)


@by_module
def test_public_classes_and_functions_say_what_they_are(module: Any) -> None:
    assert module.__doc__
    public = {name: getattr(module, name) for name in module.__all__}
    assert [name for name, each in public.items() if inspect.isroutine(each) and not each.__doc__] == []


@by_class
def test_a_public_class_and_its_methods_say_what_they_do(cls: type) -> None:
    assert vars(cls).get("__doc__")
    silent = [
        name
        for name, member in public_members(cls)
        if (inspect.isroutine(member) or isinstance(member, property)) and not member.__doc__
    ]
    assert silent == []


@by_class
def test_a_record_and_an_error_explain_their_fields(cls: type) -> None:
    declared = vars(cls).get("__annotations__", {}) if is_dataclass(cls) or issubclass(cls, DalkitError) else {}
    text = cls.__doc__ or ""
    assert [name for name in declared if f"{name}:" not in text and f"`{name}`" not in text] == []


def test_a_name_of_the_package_stands_in_a_module_too() -> None:
    held = [getattr(module, name) for module in MODULES if module is not dalkit for name in module.__all__]
    assert [name for name in dalkit.__all__ if not any(getattr(dalkit, name) is each for each in held)] == []
