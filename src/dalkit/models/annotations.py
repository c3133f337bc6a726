"""Makes `Mapped[Annotated[int, Range(0, 150)]]` work under `from __future__ import annotations`.

SQLAlchemy takes an annotation that is a string apart at its commas, and fails at the one inside a call. Such strings
are evaluated before it sees them.
"""

from __future__ import annotations

import sys
from typing import Any

from typing_extensions import Format, get_annotations


def resolve_annotated(cls: type) -> None:
    """Evaluates the annotations of `cls` and its mixins that are strings with `Annotated[`, where that is possible."""
    for each in cls.__mro__:
        for name, annotation in get_annotations(each, format=Format.FORWARDREF).items():
            if isinstance(annotation, str) and "Annotated[" in annotation:
                each.__annotations__[name] = _evaluated(annotation, each)


def _evaluated(annotation: str, cls: type) -> Any:
    module = sys.modules.get(cls.__module__)
    try:
        return eval(annotation, dict(vars(module)) if module else {}, dict(vars(cls)))  # noqa: S307 - the model's own text
    except Exception:  # a name that is not defined yet: SQLAlchemy resolves it later, or says what it misses
        return annotation
