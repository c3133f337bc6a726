"""What repositories do: plain functions, the session first. They return finished data, never a live result."""

from .page import paginate
from .read import count, exists, find, first, get, get_many, get_one, one, one_or_none
from .write import add, add_all, delete, delete_where, get_or_create, update, update_where

__all__ = [
    "add",
    "add_all",
    "count",
    "delete",
    "delete_where",
    "exists",
    "find",
    "first",
    "get",
    "get_many",
    "get_one",
    "get_or_create",
    "one",
    "one_or_none",
    "paginate",
    "update",
    "update_where",
]
