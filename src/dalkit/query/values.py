"""Values by attribute name or by attribute."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Column, inspect
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import ColumnProperty, InspectionAttr, InstrumentedAttribute, Mapper, QueryableAttribute

from ..errors import InvalidArgumentError, UnknownFieldError
from .options import Values


def named_values(model: type[Any], values: Values, writable: set[str], *, what: str = "values") -> dict[str, Any]:
    """Returns `values` by attribute name. A name that is not `writable` raises, and names the nearest."""
    if not hasattr(values, "items"):
        raise InvalidArgumentError(f"{what} must be a mapping, got {type(values).__name__}")
    named: dict[str, Any] = {}
    for key, value in cast("dict[Any, Any]", values).items():
        name = _name(model, key)
        if name not in writable:
            raise UnknownFieldError.of(model.__name__, name, writable)
        named[name] = value
    return named


def _name(model: type[Any], key: Any) -> str:
    if isinstance(key, str):
        return key
    if not isinstance(key, QueryableAttribute):
        raise InvalidArgumentError(f"a key of values must be a name or an attribute, got {type(key).__name__}")
    attribute = cast("InstrumentedAttribute[Any]", key)
    owner: object = attribute.class_
    if not (isinstance(owner, type) and issubclass(model, owner)):
        raise InvalidArgumentError(f"{attribute} is no attribute of {model.__name__}")
    return attribute.key


def writable_names(model: type[Any]) -> set[str]:
    """Returns the attributes of `model` that take a value: columns, relationships, composites, settable hybrids."""
    mapper: Mapper[Any] = inspect(model)
    names = {each.key for each in mapper.attrs if not _is_expression(each)}
    return names | {name for name, each in mapper.all_orm_descriptors.items() if _has_setter(each)}


def _has_setter(descriptor: InspectionAttr) -> bool:
    is_hybrid = descriptor.extension_type is HybridExtensionType.HYBRID_PROPERTY
    return is_hybrid and getattr(descriptor, "fset", None) is not None


def _is_expression(attribute: Any) -> bool:
    return isinstance(attribute, ColumnProperty) and not isinstance(attribute.columns[0], Column)
