"""What every contestant can do, sync or async."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import URL

from ..data import Scale

Answer: TypeAlias = Any
"""Entities, rows, numbers, or nothing; `workloads` knows how to compare them."""


class Contestant(ABC):
    """One way to do the work. An asynchronous one does the same in coroutine functions.

    A method is one call that is timed, from opening its scope to closing it.

    Attributes:
        name: How it is called in tables.
    """

    name: str

    def __init__(self, url: URL, scale: Scale) -> None:
        self.url = url
        self.scale = scale

    @abstractmethod
    def close(self) -> Awaitable[None] | None:
        """Gives all connections back."""

    @abstractmethod
    def get(self, key: int) -> Answer:
        """Reads one user by key."""

    @abstractmethod
    def find(self, city: str, age: int) -> Answer:
        """Reads the 20 newest users of a city that are at least so old."""

    @abstractmethod
    def insert(self, account: int, body: str) -> Answer:
        """Inserts a note, commits, and reads the id and the time that the server gave it."""

    @abstractmethod
    def transfer(self, source: int, target: int, hold: int) -> Answer:
        """Moves what a hold keeps back: loads three rows, updates two, deletes one, inserts two, and commits."""


class SyncContestant(Contestant):
    """One that does all workloads; those that end in `_in_session` use what `begin_session` has opened."""

    @abstractmethod
    def begin_session(self) -> None:
        """Opens the session that later calls share."""

    @abstractmethod
    def end_session(self) -> None:
        """Ends it."""

    @abstractmethod
    def get_in_session(self, key: int) -> Answer:
        """Reads one user by key, in the open session."""

    @abstractmethod
    def find_in_session(self, city: str, age: int) -> Answer:
        """Does the same in the open session."""

    @abstractmethod
    def first_page(self) -> Answer:
        """Reads the 20 newest users."""

    @abstractmethod
    def list_many(self) -> Answer:
        """Reads the first 1000 users by key."""

    @abstractmethod
    def paginate(self, city: str, page: int) -> Answer:
        """Reads a page of 20 users of a city, by key, and how many there are."""

    @abstractmethod
    def exists(self, email: str) -> Answer:
        """Tells whether a user has this address."""

    @abstractmethod
    def count(self, city: str) -> Answer:
        """Counts the users of a city."""

    @abstractmethod
    def update(self, account: int, balance: int) -> Answer:
        """Sets the balance of an account, and commits."""

    @abstractmethod
    def add_many(self, bodies: Sequence[str]) -> Answer:
        """Inserts one note for each body, and commits."""
