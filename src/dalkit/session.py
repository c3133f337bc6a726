"""The session of dalkit: SQLAlchemy's, plus read-only scopes and a log of what it ends.

It takes the place of `sqlalchemy.orm.Session` anywhere, in a plain `sessionmaker(class_=Session)` too.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

from sqlalchemy import Column, Result, event, inspect, orm
from sqlalchemy import exc as sa_exc
from sqlalchemy.orm import Mapper, ORMExecuteState, SessionTransaction
from sqlalchemy.orm.attributes import set_committed_value

from .errors import ReadOnlySessionError

__all__ = ["ReadOnly", "Session"]

ReadOnly = bool | Literal["snapshot"]
"""How a scope reads: False (it writes), True (each statement its own snapshot), "snapshot" (one for all)."""

READ_ONLY_INFO = "dalkit.read_only"
NULLABLE = "dalkit.nullable"
logger = logging.getLogger("dalkit")


class Session(orm.Session):
    """A SQLAlchemy [Session](https://docs.sqlalchemy.org/en/21/orm/session_api.html) that a `DatabaseManager` makes.

    In a read-only scope it refuses to flush, to lock and to set savepoints, and runs its first statement once more if
    the connection proves dead. Commits, rollbacks and closes are logged on the logger `dalkit` at DEBUG.
    """

    @property
    def read_only(self) -> ReadOnly:
        """False for a session that writes, True or "snapshot" for one that reads."""
        return cast("ReadOnly", self.info.get(READ_ONLY_INFO, False))

    def changed(self) -> list[object]:
        """Returns the objects with changes that are not flushed. Sends no SQL."""
        return [*self.new, *self.deleted, *(each for each in self.dirty if self.is_modified(each))]

    def flush(self, objects: Any = None) -> None:
        """Flushes, as SQLAlchemy does.

        Raises:
            ReadOnlySessionError: The scope is read-only and holds changes.
        """
        if self.read_only:
            self.refuse_changes()
            return
        super().flush(objects) if objects is not None else super().flush()

    def refuse_changes(self) -> None:
        """Raises `ReadOnlySessionError` if a read-only session holds changes, which would be lost."""
        if self.read_only and (changed := self.changed()):
            names = sorted({type(each).__name__ for each in changed})
            raise ReadOnlySessionError(
                f"a read-only scope holds {len(changed)} changed object(s) of {', '.join(names)}",
                hint="change them in a scope without read_only",
            )

    def begin_nested(self) -> SessionTransaction:
        """Begins a savepoint, as SQLAlchemy does; a read-only scope has none."""
        if self.read_only:
            raise ReadOnlySessionError("a read-only scope has no savepoints", hint="use a scope without read_only")
        return super().begin_nested()

    def close(self) -> None:
        """Closes, as SQLAlchemy does."""
        super().close()
        logger.debug("session %x: close", id(self))


@event.listens_for(Session, "after_commit")
def _log_commit(session: orm.Session) -> None:
    _log_end(session, "commit")


@event.listens_for(Session, "after_rollback")
def _log_rollback(session: orm.Session) -> None:
    _log_end(session, "rollback")


def _log_end(session: orm.Session, what: str) -> None:
    """Called for savepoints too, and however the transaction was ended: by a method, or by leaving `begin()`."""
    if not session.in_nested_transaction():
        logger.debug("session %x: %s", id(session), what)


@event.listens_for(Session, "do_orm_execute")
def _retry_first_read(state: ORMExecuteState) -> Result[Any] | None:
    """Readers do not ping: their first statement tells whether the connection lives, and can be sent again."""
    session = cast("Session", state.session)
    if not session.read_only or session.in_transaction():
        return None
    try:
        return state.invoke_statement()
    except sa_exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
        logger.info("session %x: dead connection, the first statement is sent again", id(session))
        session.rollback()
        return state.invoke_statement()


@event.listens_for(Session, "pending_to_persistent")
def _fill_inserted_nulls(session: orm.Session, entity: Any) -> None:
    """A column that an INSERT left out is NULL now; SQLAlchemy would send a SELECT to say so, or fail under `await`."""
    state = inspect(entity)
    kept: dict[Any, Any] = state.manager.info
    if NULLABLE not in kept:
        kept[NULLABLE] = frozenset(_nullable_without_default(state.mapper))
    for name in kept[NULLABLE].difference(state.dict, state.expired_attributes):
        set_committed_value(entity, name, None)


def _nullable_without_default(mapper: Mapper[Any]) -> Iterator[str]:
    for attribute in mapper.column_attrs:
        column = attribute.columns[0]
        if isinstance(column, Column) and column.nullable and column.default is None and column.server_default is None:
            yield attribute.key


@contextmanager
def transaction(session: orm.Session) -> Generator[None]:
    """Commits at the end of the block; on any exception, of COMMIT too, rolls back; closes always.

    The caller sees the exception that came first, whatever the clean-up meets. A session that is read-only is closed
    without COMMIT, and raises if it holds changes.
    """
    try:
        yield
        finish(session)
    except BaseException as error:
        roll_back(session, error)
        raise
    finally:
        close(session)


def finish(session: orm.Session) -> None:
    """Commits a session that writes; checks that one that reads has lost nothing."""
    if isinstance(session, Session) and session.read_only:
        session.refuse_changes()
    else:
        session.commit()


def roll_back(session: orm.Session, cause: BaseException) -> None:
    """Rolls back and logs why. If that fails, the connection is thrown away; `cause` stays what the caller sees."""
    logger.debug("session %x: rolling back after %s", id(session), type(cause).__name__)
    try:
        session.rollback()
    except Exception as error:
        _throw_away(session, "rollback", error)


def close(session: orm.Session) -> None:
    """Closes a session; a connection that breaks on the way is thrown away."""
    try:
        session.close()
    except Exception as error:
        _throw_away(session, "close", error)


def _throw_away(session: orm.Session, step: str, cause: Exception) -> None:
    logger.warning("session %x: %s failed (%s), connection thrown away", id(session), step, type(cause).__name__)
    try:
        session.invalidate()
    except Exception as error:
        logger.warning("session %x: that failed, too (%s)", id(session), type(error).__name__)
