"""All that an exception, and what hangs on it, can be made to say."""

from __future__ import annotations

import traceback
from collections.abc import Iterator


def words_of(error: BaseException) -> str:
    """Its text, repr and arguments, its traceback, and those of every cause and context, suppressed ones too."""
    said = [text for each in chain(error) for text in (str(each), repr(each), repr(each.args), *_frames(each))]
    return "\n".join(said)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and all that it was raised from, or that was being handled then."""
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            waiting += [other for other in (each.__cause__, each.__context__) if other is not None]


def _frames(error: BaseException) -> list[str]:
    return traceback.format_exception(error)
