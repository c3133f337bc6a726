"""Makes `Mapped[Annotated[int, Range(0, 150)]]` work under `from __future__ import annotations`.

SQLAlchemy takes an annotation that is a string apart at its commas, and fails at the one inside a call. Such strings are
evaluated before it sees them.
"""

from __future__ import annotations

import sys
from typing import Any


def resolve_annotated(cls: type) -> None:
    """Evaluates the annotations of `cls` and of its mixins that are strings with `Annotated[`, where that is possible."""
    for each in cls.__mro__:
        own: dict[str, Any] = each.__dict__.get("__annotations__", {})
        for name, annotation in own.items():
            if isinstance(annotation, str) and "Annotated[" in annotation:
                own[name] = _evaluated(annotation, each)


def _evaluated(annotation: str, cls: type) -> Any:
    module = sys.modules.get(cls.__module__)
    try:
        return eval(annotation, dict(vars(module)) if module else {}, dict(vars(cls)))
    except Exception:  # a name that is not defined yet: SQLAlchemy resolves it later, or says what it misses
        return annotation
