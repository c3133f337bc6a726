"""From what a caller asks to a statement: pure functions and values, Select in, Select out. No session, no SQL sent."""

from .definition import Definition
from .loading import LoaderOptions, OptionSet
from .options import Criterion, ForUpdate, KeyOptions, OrderBy, ReadOptions, Values
from .pages import Page
from .scope import ScopeTerm

__all__ = [
    "Criterion",
    "Definition",
    "ForUpdate",
    "KeyOptions",
    "LoaderOptions",
    "OptionSet",
    "OrderBy",
    "Page",
    "ReadOptions",
    "ScopeTerm",
    "Values",
]
