"""From what a caller asks to a statement: pure functions and values, Select in, Select out. No session, no SQL sent."""

from .definition import Definition
from .loading import OptionSet
from .options import KeyOptions, ReadOptions
from .pages import Page

__all__ = ["Definition", "KeyOptions", "OptionSet", "Page", "ReadOptions"]
