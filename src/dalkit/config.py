"""How a database is reached: frozen settings that never show a secret.

The settings bear SQLAlchemy's names, and None means "what fits this database": see
[create_engine](https://docs.sqlalchemy.org/en/21/core/engines.html) and
[Connection Pooling](https://docs.sqlalchemy.org/en/21/core/pooling.html).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from math import inf
from typing import Any, Literal, TypedDict

from sqlalchemy import URL, exc, make_url
from typing_extensions import Unpack

from .errors import ConfigurationError

__all__ = ["DatabaseConfig", "DatabaseOptions", "PoolConfig", "PoolKind"]

PoolKind = Literal["QueuePool", "NullPool", "StaticPool"]
POOL_KINDS: tuple[PoolKind, ...] = ("QueuePool", "NullPool", "StaticPool")
LONGEST_BUSY_TIMEOUT = 2_147_483
"""SQLite counts milliseconds in 32 bits, and takes more for 0."""

SECRET_NAMES = re.compile(r"pass|pwd|secret|token|credential|scram_|private_?key|api_?key", re.IGNORECASE)
SECRET_VALUES = re.compile(r"\b(?:pwd|password)\s*=", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolConfig:
    """The settings of a connection pool. What is None gets the value that fits the database of the URL.

    Attributes:
        kind: `"QueuePool"`, `"NullPool"` (a connection per session, for serverless and external poolers) or
            `"StaticPool"` (one connection for all, for tests). Default: QueuePool.
        size: Connections kept open, at least 1. Default 5; 1 for SQLite in memory.
        max_overflow: Connections beyond `size` in a rush, at least 0. Default 10; 0 for SQLite in memory.
        timeout: Seconds to wait for a connection, above 0. Default 30.
        recycle: Seconds after which a connection is replaced, above 0. Default 1800; never for SQLite.
        pre_ping: Whether a writer's connection is tested at checkout. Default True; False for SQLite and for readers.
        use_lifo: Whether the connection used last is used first, so that idle ones can time out. Default False.
    """

    kind: PoolKind | None = None
    size: int | None = None
    max_overflow: int | None = None
    timeout: float | None = None
    recycle: float | None = None
    pre_ping: bool | None = None
    use_lifo: bool | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in POOL_KINDS:
            raise ConfigurationError(f"pool kind {self.kind!r} is unknown", hint=f"take one of {', '.join(POOL_KINDS)}")
        _check_whole("pool size", self.size, least=1)
        _check_whole("pool max_overflow", self.max_overflow, least=0)
        _check_seconds("pool timeout", self.timeout)
        _check_seconds("pool recycle", self.recycle)


def _check_whole(name: str, value: Any, *, least: int) -> None:
    if value is not None and not (isinstance(value, int) and value >= least):
        raise ConfigurationError(f"{name}={value!r} cannot work", hint=f"it must be a whole number, at least {least}")


def _check_seconds(name: str, value: Any) -> None:
    if value is not None and not (isinstance(value, (int, float)) and 0 < value < inf):
        raise ConfigurationError(f"{name}={value!r} cannot work", hint="it must be above 0 seconds")


class DatabaseOptions(TypedDict, total=False):
    """The keywords of `DatabaseManager` and of `DatabaseConfig.from_url`: see `DatabaseConfig`."""

    pool: PoolConfig
    read_pool: PoolConfig
    isolation_level: str | None
    echo: bool
    connect_args: Mapping[str, Any]
    hide_parameters: bool
    sqlite_busy_timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseConfig:
    """Where a database is and how to talk to it. Its repr shows no password and no `connect_args`.

    Attributes:
        url: The database. A secret in the query part is refused: it would be shown in logs.
        pool: The pool of the writers.
        read_pool: The pool of the read-only scopes. Default: as `pool`, without pre-ping.
        isolation_level: The writers' isolation level, such as `"SERIALIZABLE"`. Default: the database's own.
        echo: Whether SQLAlchemy logs each statement.
        connect_args: Further arguments of the driver's `connect()`.
        hide_parameters: Whether logs and errors leave out the values of parameters. Default True.
        sqlite_busy_timeout: Seconds that a SQLite connection waits for a lock of another one, 0 or more. Default 30.
    """

    url: URL
    pool: PoolConfig = PoolConfig()
    read_pool: PoolConfig | None = None
    isolation_level: str | None = None
    echo: bool = False
    connect_args: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, hash=False)
    hide_parameters: bool = True
    sqlite_busy_timeout: float = 30.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "url", parse_url(self.url))
        object.__setattr__(self, "connect_args", dict(self.connect_args))
        refuse_secrets(self.url)
        if not 0 <= self.sqlite_busy_timeout <= LONGEST_BUSY_TIMEOUT:
            raise ConfigurationError(
                f"sqlite_busy_timeout={self.sqlite_busy_timeout!r} cannot work",
                hint=f"it must be 0 to {LONGEST_BUSY_TIMEOUT} seconds",
            )

    @classmethod
    def from_url(cls, url: str | URL, **options: Unpack[DatabaseOptions]) -> DatabaseConfig:
        """Builds the settings from a URL.

        Args:
            url: An SQLAlchemy URL, or its text.
            **options: The attributes of this class.

        Raises:
            ConfigurationError: The URL cannot be read, or holds a secret in its query part.
        """
        refuse_unknown_options(options)
        return cls(url=parse_url(url), **options)

    @classmethod
    def from_env(cls, prefix: str = "DATABASE_", *, environ: Mapping[str, str] | None = None) -> DatabaseConfig:
        """Builds the settings from environment variables.

        Read are, each behind the prefix: `URL` (required), `PASSWORD` (put into the URL), `ECHO`, `ISOLATION_LEVEL`,
        `HIDE_PARAMETERS`, `SQLITE_BUSY_TIMEOUT`, and for the pool `POOL_KIND`, `POOL_SIZE`, `POOL_MAX_OVERFLOW`,
        `POOL_TIMEOUT`, `POOL_RECYCLE`, `POOL_PRE_PING`, `POOL_USE_LIFO`. A variable that looks like a misspelling of
        one of them raises.

        Args:
            prefix: What the names of the variables begin with.
            environ: Where to read. Default: `os.environ`.

        Raises:
            ConfigurationError: `URL` is missing, or a variable cannot be read.
        """
        given = {
            name.removeprefix(prefix): text
            for name, text in (os.environ if environ is None else environ).items()
            if name.startswith(prefix)
        }
        _refuse_misspelt(given, prefix)
        if "URL" not in given:
            raise ConfigurationError(f"the environment variable {prefix}URL is not set")
        url = parse_url(given["URL"])
        if "PASSWORD" in given:
            url = url.set(password=given["PASSWORD"])
        pool = PoolConfig(**_read(given, POOL_VARIABLES, prefix))
        return cls(url=url, pool=pool, **_read(given, VARIABLES, prefix))


def refuse_unknown_options(options: Mapping[str, Any]) -> None:
    """Refuses options that `DatabaseConfig` does not have, and names the nearest that it has."""
    known = {each.name for each in fields(DatabaseConfig)} - {"url"}
    for name in options.keys() - known:
        raise unknown_name("option", name, known)


def parse_url(url: str | URL) -> URL:
    """Reads a URL. An error never shows the text, since that may hold a password."""
    parsed = _parsed(url)
    if parsed is None:
        raise ConfigurationError(
            "the database URL cannot be read", hint="expected is dialect+driver://user@host:port/database"
        )
    if isinstance(url, str):
        _refuse_unescaped(url, parsed)
    _refuse_unknown_dialect(parsed)
    return parsed


def _refuse_unknown_dialect(url: URL) -> None:
    try:
        url.get_dialect()
    except exc.NoSuchModuleError:
        hint = "write postgresql+psycopg://" if url.drivername.startswith("postgres") else None
        raise ConfigurationError(f"SQLAlchemy has no dialect {url.drivername!r}", hint=hint) from None


def _parsed(url: str | URL) -> URL | None:
    """Gives None for an error, since the error, and what is raised while it is handled, would hold the text."""
    try:
        return make_url(url)
    except (exc.ArgumentError, ValueError):
        return None


def _refuse_unescaped(text: str, url: URL) -> None:
    """SQLAlchemy lets the password end at its first '@': its tail would be the host, or a part of what is printed."""
    after_user = text.partition("://")[2].partition(":")[2]
    if url.password is not None and after_user.count("@") > 1:
        raise ConfigurationError(
            "the password of the database URL holds an '@' that is not escaped",
            hint="escape it with urllib.parse.quote_plus; any later '@' is written %40, too",
        )


def refuse_secrets(url: URL) -> None:
    """Refuses a URL whose query part holds a secret, or whose host holds the tail of a password."""
    for name, value in url.query.items():
        if SECRET_NAMES.search(name) or SECRET_VALUES.search(value if isinstance(value, str) else " ".join(value)):
            raise ConfigurationError(
                f"the query part of the database URL holds a secret ({name})",
                hint="SQLAlchemy would print it: put it into the URL's password, connect_args or DATABASE_PASSWORD",
            )
    if "@" in (url.host or ""):
        raise ConfigurationError(
            "the host of the database URL contains '@'", hint="escape the password with urllib.parse.quote_plus"
        )


def unknown_name(what: str, name: str, known: set[str]) -> ConfigurationError:
    """Builds the error for an unknown setting."""
    nearest = next(iter(get_close_matches(name, sorted(known), n=1)), None)
    return ConfigurationError(f"unknown {what} {name!r}", hint=f"did you mean {nearest!r}?" if nearest else None)


def _flag(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    return words[text.strip().lower()]


def _words(text: str) -> str:
    if not text.strip():
        raise ValueError(text)
    return text


def _pool_kind(text: str) -> PoolKind:
    if text not in POOL_KINDS:
        raise ValueError(text)
    return text


POOL_VARIABLES: Mapping[str, Callable[[str], object]] = {
    "POOL_KIND": _pool_kind,
    "POOL_SIZE": int,
    "POOL_MAX_OVERFLOW": int,
    "POOL_TIMEOUT": float,
    "POOL_RECYCLE": float,
    "POOL_PRE_PING": _flag,
    "POOL_USE_LIFO": _flag,
}
VARIABLES: Mapping[str, Callable[[str], object]] = {
    "ECHO": _flag,
    "ISOLATION_LEVEL": _words,
    "HIDE_PARAMETERS": _flag,
    "SQLITE_BUSY_TIMEOUT": float,
}


UNREADABLE = object()
"""Stands for a value, so that no error that holds its text hangs on ours."""


def _read(given: Mapping[str, str], variables: Mapping[str, Callable[[str], object]], prefix: str) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for name, convert in variables.items():
        if name in given:
            value = _converted(given[name], convert)
            if value is UNREADABLE:
                raise ConfigurationError(f"the environment variable {prefix}{name} cannot be read")
            settings[name.removeprefix("POOL_").lower()] = value
    return settings


def _converted(text: str, convert: Callable[[str], object]) -> object:
    try:
        return convert(text)
    except (ValueError, KeyError):
        return UNREADABLE


def _refuse_misspelt(given: Mapping[str, str], prefix: str) -> None:
    known = {"URL", "PASSWORD", *VARIABLES, *POOL_VARIABLES}
    for name in given.keys() - known:
        if get_close_matches(name, known, n=1, cutoff=0.85):
            raise unknown_name("environment variable", prefix + name, {prefix + each for each in known})
