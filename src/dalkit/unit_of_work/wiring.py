"""Gives the attributes of a unit of work their repositories, by annotation."""

from __future__ import annotations

import sys
from collections.abc import Callable
from inspect import getattr_static
from typing import Any, ClassVar, ForwardRef, Generic, Self, TypeVar, cast, get_args, get_origin, overload

from typing_extensions import Format, get_annotations

from ..errors import ConfigurationError
from ..query import Definition

__all__ = ["Wired", "WiredRepository", "repository"]

MADE = "_made_repositories"
R = TypeVar("R")


class WiredRepository(Generic[R]):
    """A repository made on first use, with the session of the unit of work, and kept as long as that."""

    name: str

    def __init__(self, make: Callable[[], Callable[[Any], R]]) -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> R: ...
    def __get__(self, instance: object | None, owner: type) -> Self | R:
        if instance is None:
            return self
        made = self._make()(cast("Any", instance).session)
        instance.__dict__[self.name] = made
        instance.__dict__.setdefault(MADE, []).append(self.name)
        return made


def repository(repository_class: Callable[[Any], R]) -> WiredRepository[R]:
    """Wires a repository without an annotation, for classes that are local to a function.

    Args:
        repository_class: A repository class, or any function from a session to a repository.

    Example:
        `users = repository(UserRepository)` in the body of a unit of work.
    """
    return WiredRepository(lambda: repository_class)


class Wired:
    """The base of units of work: each annotation without a value becomes a repository on first use."""

    _reserved: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if cls.__module__.partition(".")[0] == "dalkit":
            cls._reserved = frozenset(name for name in {*dir(cls), *_attributes_of(cls)} if not name.startswith("__"))
            return
        for name, annotation in get_annotations(cls, format=Format.FORWARDREF).items():
            cls._refuse_shadowing(name)
            if _is_open(cls, name) and not _is_class_variable(annotation):
                wire: WiredRepository[Any] = WiredRepository(_maker(cls, name, annotation))
                wire.__set_name__(cls, name)
                setattr(cls, name, wire)
        for name, value in list(vars(cls).items()):
            if isinstance(value, WiredRepository):
                cls._refuse_shadowing(name)

    @classmethod
    def _refuse_shadowing(cls, name: str) -> None:
        if name in cls._reserved:
            raise ConfigurationError(f"{cls.__name__}.{name} shadows a member of the unit of work", hint="rename it")

    def _forget_repositories(self) -> None:
        made = self.__dict__.pop(MADE, ())
        for name, value in list(vars(self).items()):
            if name in made or isinstance(value, Definition):
                del self.__dict__[name]


def _attributes_of(cls: type) -> set[str]:
    """Returns what the annotations of a class and its bases name."""
    return {name for each in cls.__mro__ for name in get_annotations(each, format=Format.FORWARDREF)}


def _is_open(cls: type, name: str) -> bool:
    """Tells whether a name has no value yet, or only the wire of a base class."""
    return name not in vars(cls) and isinstance(getattr_static(cls, name, None), WiredRepository | None)


def _is_class_variable(annotation: Any) -> bool:
    if isinstance(annotation, str):
        return annotation.startswith(("ClassVar", "typing.ClassVar"))
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _maker(cls: type, name: str, annotation: Any) -> Callable[[], Callable[[Any], Any]]:
    """Returns a function that resolves one annotation, alone, when it is needed."""

    def make() -> Callable[[Any], Any]:
        found: Callable[[Any], Any] = _resolved(cls, name, annotation)
        origin = get_origin(found) or found
        if not (isinstance(origin, type) and issubclass(origin, Definition)):
            raise AttributeError(f"{cls.__name__}.{name} has no value, and its annotation is no repository")
        return found

    return make


def _resolved(cls: type, name: str, annotation: Any) -> Any:
    """Turns text into what it means where `cls` was made; in the brackets of `Repository["User"]`, too."""
    text = getattr(annotation, "__forward_arg__", annotation)
    if isinstance(text, str):
        annotation = _evaluated(cls, name, text)
    arguments = get_args(annotation)
    if any(isinstance(each, ForwardRef) for each in arguments):
        generic: Any = get_origin(annotation)
        return generic[tuple(_resolved(cls, name, each) for each in arguments)]
    return annotation


def _evaluated(cls: type, name: str, text: str) -> Any:
    try:
        return eval(text, dict(vars(sys.modules[cls.__module__])), dict(vars(cls)))  # noqa: S307 - as in generics.py
    except NameError as error:
        raise ConfigurationError(
            f"the annotation {text!r} of {cls.__name__}.{name} cannot be resolved ({error})",
            hint=f"for a class local to a function write {name} = repository({text})",
        ) from None
