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
        self._entries: list[tuple[Phase, Hook]] = []

    def add(self, phase: Phase, hook: Hook) -> None:
        """Registers a hook."""
        self._entries.append((phase, hook))

    def mark(self) -> int:
        """Returns a mark for `take_since`."""
        return len(self._entries)

    def take_since(self, mark: int, phase: Phase) -> list[Hook]:
        """Removes all hooks registered since `mark`, and returns those of `phase`."""
        taken = self._entries[mark:]
        del self._entries[mark:]
        return [hook for each, hook in taken if each == phase]

    def take(self, phase: Phase) -> list[Hook]:
        """Removes and returns the hooks of `phase`."""
        taken = [hook for each, hook in self._entries if each == phase]
        self._entries = [entry for entry in self._entries if entry[0] != phase]
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
