"""What stands in the brackets of a generic class: `User` for `class Users(Repository[User])`."""

from __future__ import annotations

import sys
from typing import Any, ForwardRef, TypeVar, get_args, get_origin

from typing_extensions import get_original_bases

from ..errors import ConfigurationError


def type_arguments(cls: type, generic: type) -> tuple[Any, ...]:
    """Returns what `cls` binds the type parameters of its base `generic` to; a parameter left open stays a TypeVar."""
    if cls is generic:
        return tuple(getattr(cls, "__parameters__", ()))
    for base in get_original_bases(cls):
        origin = get_origin(base) or base
        if isinstance(origin, type) and issubclass(origin, generic):
            return _substituted(type_arguments(origin, generic), origin, get_args(base))
    return ()


def alias_arguments(alias: Any, generic: type) -> tuple[Any, ...]:
    """Returns the same for an alias such as `Repository[User]`."""
    origin = get_origin(alias)
    return _substituted(type_arguments(origin, generic), origin, get_args(alias))


def _substituted(arguments: tuple[Any, ...], origin: Any, given: tuple[Any, ...]) -> tuple[Any, ...]:
    bound: dict[Any, Any] = dict(zip(getattr(origin, "__parameters__", ()), given, strict=False))
    return tuple(bound.get(each, each) if isinstance(each, TypeVar) else each for each in arguments)


def resolved(argument: Any, cls: type) -> Any:
    """Looks a forward reference such as `Repository["User"]` up in the module of `cls`."""
    name = argument.__forward_arg__ if isinstance(argument, ForwardRef) else argument
    if not isinstance(name, str):
        return None if isinstance(argument, TypeVar) else argument
    try:
        return eval(name, dict(vars(sys.modules[cls.__module__])))  # noqa: S307 - the annotation is the program's own
    except NameError:
        raise ConfigurationError(
            f"{name!r} in the brackets of {cls.__name__} is not defined in {cls.__module__}",
            hint="give the class itself, or derive a class in a module that imports it",
        ) from None
