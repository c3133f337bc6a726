"""What a unit of work runs when it ends."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Literal

from ..errors import AfterCommitError

__all__ = ["HookRegistry"]

Phase = Literal["before_commit", "after_commit", "after_rollback"]
Hook = Callable[[], Any]
logger = logging.getLogger("dalkit")


class HookRegistry:
    """Hooks in the order in which they were registered, with marks for savepoints."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, Phase, Hook]] = []
        self._next = 0

    def add(self, phase: Phase, hook: Hook) -> None:
        """Registers a hook."""
        self._entries.append((self._next, phase, hook))
        self._next += 1

    def mark(self) -> int:
        """Returns a mark for `take_since`; it stays good whatever is taken in between."""
        return self._next

    def take_since(self, mark: int, phase: Phase) -> list[Hook]:
        """Removes all hooks registered since `mark`, and returns those of `phase`."""
        taken = [hook for number, each, hook in self._entries if number >= mark and each == phase]
        self._entries = [entry for entry in self._entries if entry[0] < mark]
        return taken

    def take(self, phase: Phase) -> list[Hook]:
        """Removes and returns the hooks of `phase`."""
        taken = [hook for _, each, hook in self._entries if each == phase]
        self._entries = [entry for entry in self._entries if entry[1] != phase]
        return taken

    def clear(self) -> None:
        """Forgets all hooks."""
        self._entries.clear()


def failed_after_commit(failures: list[Exception]) -> AfterCommitError:
    """Builds the error for after-commit hooks that failed."""
    return AfterCommitError(f"{len(failures)} after-commit hook(s) failed", failures)


def log_failed_rollback_hook(error: Exception) -> None:
    """A hook after rollback must not replace the exception that caused the rollback."""
    logger.error("an after-rollback hook failed: %s", type(error).__name__)
