"""What to do about a database that this machine does not have."""

import os
from dataclasses import dataclass
from typing import NoReturn

import pytest


@dataclass(frozen=True)
class Missing:
    """A backend that cannot be tested here, and why, in one line."""

    backend: str
    reason: str

    def __str__(self) -> str:
        return f"{self.backend} is not tested: {self.reason}"


def required_backends() -> frozenset[str]:
    """The backends of DALKIT_TEST_REQUIRE, such as `sqlite,postgresql`: tests on them fail rather than skip."""
    names = os.environ.get("DALKIT_TEST_REQUIRE", "").split(",")
    return frozenset(name.strip() for name in names if name.strip())


def skip_or_fail(missing: Missing) -> NoReturn:
    """Skip the current test, or fail it when its backend is required."""
    if missing.backend in required_backends():
        pytest.fail(f"{missing}, but DALKIT_TEST_REQUIRE names it", pytrace=False)
    pytest.skip(str(missing))
