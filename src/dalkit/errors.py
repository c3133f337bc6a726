"""Every error that dalkit raises by itself.

All subclass [DalkitError][dalkit.errors.DalkitError] and, where SQLAlchemy has a class for the same thing, that class
too, so that an `except NoResultFound` written for plain SQLAlchemy goes on working. An error carries its facts as
attributes and says in `hint` what to do. No text of an error holds the value of a row, a parameter or a password.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import exc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "AfterCommitError",
    "ConfigurationError",
    "DalkitError",
    "InvalidArgumentError",
    "ManagerClosedError",
    "MultipleFoundError",
    "NaiveDatetimeError",
    "NotFoundError",
    "OutOfScopeError",
    "ReadOnlySessionError",
    "UnboundedWriteError",
    "UnitOfWorkError",
    "UnknownFieldError",
    "UnstorableValueError",
]


class DalkitError(Exception):
    """The base of all errors of dalkit.

    Attributes:
        kind: A short, stable word for the kind of error, fit for metrics and for `match`.
        retryable: Whether running the whole transaction again can succeed.
        hint: What to do about it, or None.
    """

    kind: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str | None = None, **facts: object) -> None:
        super().__init__(message)
        self.hint = hint
        self.__dict__.update(facts)

    def __str__(self) -> str:
        message = str(self.args[0]) if self.args else type(self).__name__
        return f"{message}; {self.hint}" if self.hint else message


class ConfigurationError(DalkitError, exc.ArgumentError):
    """A URL, a pool setting or an environment variable that cannot work. No connection was made."""

    kind = "configuration"


class InvalidArgumentError(DalkitError, exc.ArgumentError):
    """An argument of a method is not what it must be. No SQL was sent."""

    kind = "invalid_argument"


class UnknownFieldError(InvalidArgumentError):
    """A name that the model does not have, or that cannot be written.

    Attributes:
        model: The name of the model.
        field: The name that was given.
        nearest: The name of the model that is nearest to it, or None.
    """

    kind = "unknown_field"
    model: str
    field: str
    nearest: str | None

    @classmethod
    def of(cls, model: str, field: str, known: Iterable[str]) -> UnknownFieldError:
        """Builds the error for `field`, and finds the nearest of the `known` names."""
        nearest = next(iter(get_close_matches(field, sorted(known), n=1)), None)
        hint = f"did you mean {nearest!r}?" if nearest else None
        return cls(f"{model} has no field {field!r}", hint=hint, model=model, field=field, nearest=nearest)


class UnboundedWriteError(InvalidArgumentError):
    """An `update_where` or `delete_where` that would hit every row, without `everything=True`."""

    kind = "unbounded_write"


class NotFoundError(DalkitError, exc.NoResultFound):
    """No row answers to the key or the criteria. Its `model` is the name of the model."""

    kind = "not_found"
    model: str


class MultipleFoundError(DalkitError, exc.MultipleResultsFound):
    """More than one row answers where one was asked for. Its `model` is the name of the model."""

    kind = "multiple_found"
    model: str


class OutOfScopeError(DalkitError, exc.InvalidRequestError):
    """An entity or a value of `model` that the repository's `scope()` does not admit. Nothing was written."""

    kind = "out_of_scope"
    model: str


class ReadOnlySessionError(DalkitError, exc.InvalidRequestError, exc.DontWrapMixin):
    """A write, a lock or a savepoint in a read-only scope. It was not sent to the database."""

    kind = "read_only_session"


class UnitOfWorkError(DalkitError, exc.InvalidRequestError):
    """A unit of work used before it was entered, after it was left, or entered twice."""

    kind = "unit_of_work"


class ManagerClosedError(DalkitError, exc.InvalidRequestError):
    """A `DatabaseManager` used after its `cleanup()`."""

    kind = "manager_closed"


class NaiveDatetimeError(DalkitError, ValueError, exc.DontWrapMixin):
    """A datetime without a time zone was given to a column that holds points in time."""

    kind = "naive_datetime"


class UnstorableValueError(DalkitError, ValueError, exc.DontWrapMixin):
    """A value that JSON cannot hold. Its `path` tells where in the document it stands."""

    kind = "unstorable_value"
    path: str


class AfterCommitError(DalkitError, ExceptionGroup[Exception]):
    """One or more after-commit hooks failed. **The transaction is committed** and all hooks have run.

    Attributes:
        exceptions: What the hooks raised, in the order in which they ran.
    """

    kind = "after_commit"

    def __new__(cls, message: str, exceptions: Sequence[Exception]) -> AfterCommitError:
        """Makes a group, whatever `DalkitError` would make."""
        return ExceptionGroup.__new__(cls, message, exceptions)

    def __init__(self, message: str, exceptions: Sequence[Exception]) -> None:
        ExceptionGroup.__init__(self, message, exceptions)
        self.hint = "the transaction is committed; do not run it again"

    def derive(self, exceptions: Sequence[Exception], /) -> AfterCommitError:  # type: ignore[override]  # the base's is generic
        """Keeps the type when `except*` splits the group."""
        return AfterCommitError(self.message, exceptions)
