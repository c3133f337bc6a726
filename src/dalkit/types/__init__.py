"""Column types that keep what they are given: each alone, on any model of any base."""

from .json import JSONType
from .utc_datetime import UTCDateTime

__all__ = ["JSONType", "UTCDateTime"]
