"""Repositories: all that is read and written of one kind of entity, in one typed place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Generic, TypeVar

import typing_extensions
from sqlalchemy.orm import Session
from typing_extensions import Unpack

from . import operations
from .operations.page import PageRequest
from .query import Definition, KeyOptions, Page, ReadOptions
from .query.options import Criterion, Values

__all__ = ["Repository"]

M = TypeVar("M")
IdT = typing_extensions.TypeVar("IdT", default=Any)


class Repository(Definition[M, IdT], Generic[M, IdT]):
    """Reads and writes entities of one mapped class through a session. It never commits and never closes.

    Subclass it with your model, or use it as it is:

        class UserRepository(Repository[User]):
            def by_email(self, email: str) -> User | None:
                return self.one_or_none(User.email == email)

        users = UserRepository(session)
        orders = Repository[Order](session)

    `Repository[User, int]` also checks the type of keys. Any mapped class will do: declarative, dataclass, SQLModel or
    imperative, with any primary key; a composite key is a tuple in the order of the mapper's primary key, or a mapping
    by attribute name. Criteria are SQLAlchemy column expressions, joined by AND. How many statements each method sends
    is told in [the table](../explanation/statements.md).

    Args:
        session: Any SQLAlchemy session; its owner ends the transaction.
    """

    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, key: IdT, /, **options: Unpack[KeyOptions]) -> M | None:
        """Returns the entity with a primary key, or None.

        An entity that the session holds already is returned without SQL, unless `options` or `with_for_update` is
        given.

        Args:
            key: The primary key.
            **options: See [KeyOptions][dalkit.query.KeyOptions].

        Raises:
            InvalidArgumentError: The key has the wrong number of parts, a None, or the wrong type.
        """
        return operations.get(self.session, self, key, options)

    def get_one(self, key: IdT, /, **options: Unpack[KeyOptions]) -> M:
        """Returns the entity with a primary key, as `get` does.

        Raises:
            NotFoundError: There is none.
            InvalidArgumentError: The key has the wrong number of parts, a None, or the wrong type.
        """
        return operations.get_one(self.session, self, key, options)

    def get_many(self, keys: Sequence[IdT], /, **options: Unpack[KeyOptions]) -> list[M]:
        """Returns the entities with primary keys.

        Args:
            keys: The keys. String keys are compared exactly, also where the database's collation is not.
            **options: See [KeyOptions][dalkit.query.KeyOptions].

        Returns:
            The entities in the order of the keys, duplicates kept, missing ones left out.
        """
        return operations.get_many(self.session, self, keys, options)

    def one(self, *where: Criterion, **options: Unpack[ReadOptions]) -> M:
        """Returns the only entity that answers to the criteria.

        Raises:
            NotFoundError: There is none.
            MultipleFoundError: There are more.
        """
        return operations.one(self.session, self, where, options)

    def one_or_none(self, *where: Criterion, **options: Unpack[ReadOptions]) -> M | None:
        """Returns the only entity that answers to the criteria, or None.

        Raises:
            MultipleFoundError: There are more.
        """
        return operations.one_or_none(self.session, self, where, options)

    def first(self, *where: Criterion, **options: Unpack[ReadOptions]) -> M | None:
        """Returns the first entity that answers to the criteria, or None.

        It is the first in `order_by`, else in the default order; the primary key breaks ties.
        """
        return operations.first(self.session, self, where, options)

    def find(self, *where: Criterion, limit: int | None = None, **options: Unpack[ReadOptions]) -> list[M]:
        """Returns the entities that answer to the criteria.

        Args:
            *where: Criteria, joined by AND; none means all.
            limit: How many at the most, at least 0. With a limit, the primary key breaks ties of the order.
            **options: See [ReadOptions][dalkit.query.ReadOptions].

        Returns:
            The entities in `order_by`, else in the default order, else in the order that the database chooses.
        """
        return operations.find(self.session, self, where, options, limit=limit)

    def count(self, *where: Criterion) -> int:
        """Returns how many entities `find` with the same criteria would return. No entity is loaded."""
        return operations.count(self.session, self, where)

    def exists(self, *where: Criterion) -> bool:
        """Tells whether any entity answers to the criteria, by `SELECT EXISTS`."""
        return operations.exists(self.session, self, where)

    def paginate(
        self, *where: Criterion, page: int = 1, size: int = 20, total: bool = True, **options: Unpack[ReadOptions]
    ) -> Page[M]:
        """Returns one page of the entities that answer to the criteria, and how many there are.

        The primary key completes the order, so that no entity is on two pages. One row beyond the page is read, to know
        whether a page follows. The cost grows with the number of the page.

        Args:
            *where: Criteria, joined by AND; none means all.
            page: Which page, from 1.
            size: How many entities on a page, from 1 to `max_page_size`.
            total: Whether to count all entities. The count is left out where the page itself tells it.
            **options: See [ReadOptions][dalkit.query.ReadOptions].

        Raises:
            InvalidArgumentError: `page` or `size` is out of range.
        """
        return operations.paginate(self.session, self, where, options, PageRequest(page, size, total))

    def add(self, entity: M, /) -> M:
        """Puts a new entity into the session; it is inserted at the next flush.

        Returns:
            The same entity.
        """
        return operations.add(self.session, self, entity)

    def add_all(self, entities: Iterable[M], /) -> list[M]:
        """Puts new entities into the session; they are inserted at the next flush, many with one statement.

        Returns:
            The same entities.
        """
        return operations.add_all(self.session, self, entities)

    def update(self, target: M | IdT, values: Values, /) -> M:
        """Changes one entity, and nothing but what `values` names.

        An entity, or the key of one that the session holds, is changed by setting its attributes. Otherwise the row is
        changed at once by `UPDATE .. RETURNING`, where the database has that and nothing listens to the change of
        single entities; else it is loaded first.

        Args:
            target: The entity, or its primary key.
            values: New values by attribute name or by attribute (`{User.age: 31}`). A SQL expression such as
                `User.age + 1` is allowed; it is sent at once, and its result is on the entity.

        Returns:
            The entity with its new values.

        Raises:
            NotFoundError: There is no row with this key.
            UnknownFieldError: A name is no attribute of the model; the nearest one is named.
            OutOfScopeError: The entity or a value is outside `scope()`.
        """
        return operations.update(self.session, self, target, values)

    def delete(self, target: M | IdT, /) -> None:
        """Deletes one entity at the next flush, with the cascades of its relationships.

        Args:
            target: The entity, or its primary key; by key, the entity is loaded first.

        Raises:
            NotFoundError: There is no row with this key.
            OutOfScopeError: The entity is outside `scope()`.
        """
        operations.delete(self.session, self, target)

    def get_or_create(self, values: Values, /, *, defaults: Values | None = None) -> tuple[M, bool]:
        """Returns the entity with these values, and makes it if there is none.

        The insert runs in a savepoint. If another transaction was faster, its row is returned; that needs a unique
        constraint on what `values` names.

        Args:
            values: What the entity is looked up by, and gets if it is made. None is refused: no unique constraint holds
                for NULL.
            defaults: What the entity gets besides, if it is made.

        Returns:
            The entity, and whether it was made now.

        Raises:
            MultipleFoundError: More than one row has these values.
        """
        return operations.get_or_create(self.session, self, values, defaults)

    def update_where(self, *where: Criterion, values: Values, everything: bool = False) -> int:
        """Updates all rows that answer to the criteria, without loading them.

        The session is flushed first, and the entities that it holds get their new values (one SELECT for all). A
        version counter goes up. Validators and events of single entities are not called.

        Args:
            *where: Criteria, joined by AND.
            values: New values by attribute name or by attribute; SQL expressions such as `User.age + 1` are allowed.
            everything: Must be True to update without criteria, or with ones that are always true.

        Returns:
            How many rows matched.

        Raises:
            UnboundedWriteError: No criterion leaves any row out.
            UnknownFieldError: A name is no attribute of the model.
        """
        return operations.update_where(self.session, self, where, values, everything)

    def delete_where(self, *where: Criterion, everything: bool = False) -> int:
        """Deletes all rows that answer to the criteria, without loading them.

        The session is flushed first, and deleted entities leave it. Cascades of relationships are not followed; those
        of the database (`ON DELETE`) are.

        Args:
            *where: Criteria, joined by AND.
            everything: Must be True to delete without criteria, or with ones that are always true.

        Returns:
            How many rows were deleted.

        Raises:
            UnboundedWriteError: No criterion leaves any row out.
        """
        return operations.delete_where(self.session, self, where, everything)
