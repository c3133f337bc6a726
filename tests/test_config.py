"""The settings of a database: where they come from, what is refused, and that no secret is shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from math import inf, nan
from typing import Any

import pytest
from sqlalchemy import URL, make_url

from dalkit import ConfigurationError, DatabaseConfig, DatabaseManager, PoolConfig
from tests.words import words_of

PASSWORD = "Tr0ub4dor-and-3"
POSTGRESQL = f"postgresql+psycopg://shop:{PASSWORD}@db.internal:5432/shop"


def refused(*arguments: Any, of: Any = DatabaseConfig.from_url, **options: Any) -> str:
    """The message with which settings are refused; it shows no password."""
    with pytest.raises(ConfigurationError) as caught:
        of(*arguments, **options)
    assert PASSWORD not in words_of(caught.value)
    assert caught.value.kind == "configuration"
    return str(caught.value)


def from_env(**variables: str) -> DatabaseConfig:
    """Settings from variables that are named without their prefix."""
    return DatabaseConfig.from_env(environ={f"DATABASE_{name}": text for name, text in variables.items()})


# --- From a URL


def test_a_url_is_read_from_text_or_taken_as_it_is() -> None:
    assert DatabaseConfig.from_url(POSTGRESQL) == DatabaseConfig.from_url(make_url(POSTGRESQL))
    assert DatabaseConfig.from_url(POSTGRESQL).url.password == PASSWORD


def test_all_options_reach_the_settings() -> None:
    options: Any = {
        "pool": PoolConfig(size=2),
        "read_pool": PoolConfig(size=3),
        "isolation_level": "SERIALIZABLE",
        "echo": True,
        "connect_args": {"application_name": "shop"},
        "hide_parameters": False,
        "sqlite_busy_timeout": 5.0,
    }
    config = DatabaseConfig.from_url(POSTGRESQL, **options)
    assert {name: getattr(config, name) for name in options} == options
    assert options.keys() == {each.name for each in dataclasses.fields(DatabaseConfig)} - {"url"}


def test_defaults_hide_parameters_and_echo_nothing() -> None:
    config = DatabaseConfig.from_url("sqlite://")
    assert (config.hide_parameters, config.echo, config.isolation_level, config.read_pool) == (True, False, None, None)
    assert config.pool == PoolConfig()
    assert config.sqlite_busy_timeout == 30


@pytest.mark.parametrize("source", ["sqlite://", DatabaseConfig.from_url("sqlite://")], ids=["URL", "config"])
@pytest.mark.parametrize(("option", "hint"), [("ecko", "did you mean 'echo'?"), ("url", ""), ("zzz", "")])
def test_an_unknown_option_is_refused_and_the_nearest_named(source: Any, option: str, hint: str) -> None:
    message = refused(source, of=DatabaseManager, **{option: True})
    assert message == "; ".join(filter(None, [f"unknown option {option!r}", hint]))


def test_an_unknown_option_of_from_url_is_refused() -> None:
    assert refused("sqlite://", isolation="SERIALIZABLE") == (
        "unknown option 'isolation'; did you mean 'isolation_level'?"
    )


UNREADABLE = {
    "no scheme": f"shop:{PASSWORD}@db.internal/shop",
    "one slash": f"postgresql:/shop:{PASSWORD}@db.internal/shop",
    "empty": "",
    "password as port": f"postgresql://shop:x@db.internal:{PASSWORD}/shop",
    "colon and @ in the password": f"postgresql://shop:x@y:{PASSWORD}@db.internal/shop",
    "nothing at all": None,
    "bytes": POSTGRESQL.encode(),
}


@pytest.mark.parametrize("url", UNREADABLE.values(), ids=UNREADABLE.keys())
@pytest.mark.parametrize("of", [DatabaseConfig.from_url, DatabaseManager], ids=["config", "manager"])
def test_a_url_that_cannot_be_read_is_never_shown(url: Any, of: Any) -> None:
    expected = "the database URL cannot be read; expected is dialect+driver://user@host:port/database"
    assert refused(url, of=of) == expected


def test_the_constructor_reads_and_checks_its_url_too() -> None:
    text: Any = POSTGRESQL
    assert DatabaseConfig(url=text) == DatabaseConfig.from_url(POSTGRESQL)
    assert refused(of=DatabaseConfig, url=f"{POSTGRESQL}?password=x").startswith("the query part")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("postgres", "; write postgresql+psycopg://"), ("postgresql+pycopg", "; write postgresql+psycopg://"), ("no", "")],
)
def test_a_dialect_that_there_is_not_is_refused(name: str, hint: str) -> None:
    assert refused(f"{name}://shop:{PASSWORD}@db/shop") == f"SQLAlchemy has no dialect {name!r}{hint}"


# --- Secrets in a URL

SECRET_NAMES = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "sslpassword",
    "ssl_password",
    "ssl_key_password",
    "passfile",
    "secret",
    "client_secret",
    "token",
    "access_token",
    "credentials",
    "scram_client_key",
    "private_key",
    "api_key",
]


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_a_secret_in_the_query_is_refused_by_whatever_name(name: str, change: Any) -> None:
    written = change(name)
    message = refused(f"postgresql+psycopg://shop@db/shop?connect_timeout=3&{written}={PASSWORD}")
    assert message.startswith(f"the query part of the database URL holds a secret ({written}); ")


@pytest.mark.parametrize("name", ["PWD", "password", "Password "])
def test_a_secret_inside_a_connection_string_in_the_query_is_refused(name: str) -> None:
    url = URL.create("mssql+pyodbc", query={"odbc_connect": f"DRIVER=x;UID=me;{name}={PASSWORD}"})
    assert "holds a secret (odbc_connect)" in refused(url)


def test_a_secret_that_is_given_twice_in_the_query_is_refused() -> None:
    assert "holds a secret (token)" in refused(f"postgresql://db/shop?token={PASSWORD}&token=b")


def test_a_manager_refuses_a_secret_in_a_url_object_too() -> None:
    url = URL.create("postgresql+psycopg", query={"sslpassword": PASSWORD})
    assert "holds a secret (sslpassword)" in refused(url, of=DatabaseManager)


def test_other_settings_in_the_query_are_taken() -> None:
    query = {"sslmode": "require", "application_name": "shop", "options": "-c search_path=a", "sslkey": "/etc/key"}
    url = make_url(POSTGRESQL).update_query_dict(query)
    assert DatabaseConfig.from_url(url.render_as_string(hide_password=False)).url.query == query


@pytest.mark.parametrize(
    "tail",
    ["{0}@db/shop", "{0}/x@db/shop", "{0}?x={0}@db/shop", "?x@db/shop", "{0}#x@db:5432/shop", "db/{0}@shop"],
)
def test_an_at_sign_in_the_password_that_is_not_escaped_is_refused(tail: str) -> None:
    message = refused("postgresql://shop:start@" + tail.format(PASSWORD))
    assert message.startswith("the password of the database URL holds an '@' that is not escaped; ")


def test_a_url_object_whose_host_holds_the_tail_of_a_password_is_refused() -> None:
    url = URL.create("postgresql", "shop", "start", f"{PASSWORD}@db", database="shop")
    assert refused(url).startswith("the host of the database URL contains '@'; ")


def test_an_escaped_at_sign_and_one_in_the_user_name_are_taken() -> None:
    url = DatabaseConfig.from_url("postgresql+psycopg://me@server:a%40b@db.internal/shop").url
    assert (url.username, url.password, url.host) == ("me@server", "a@b", "db.internal")


def test_no_repr_shows_a_password_or_connect_args() -> None:
    config = DatabaseConfig.from_url(POSTGRESQL, connect_args={"sslpassword": PASSWORD})
    with DatabaseManager(config) as db:
        for shown in (repr(config), str(config), f"{config}", repr(db), str(db), repr(db.engine), str(db.engine.url)):
            assert PASSWORD not in shown
            assert "sslpassword" not in shown
    assert "postgresql+psycopg://shop:***@db.internal:5432/shop" in repr(config)


# --- From the environment

ALL_VARIABLES = {
    "URL": "postgresql+psycopg://shop@db.internal:5432/shop",
    "PASSWORD": PASSWORD,
    "ECHO": "yes",
    "ISOLATION_LEVEL": "SERIALIZABLE",
    "HIDE_PARAMETERS": "off",
    "SQLITE_BUSY_TIMEOUT": "2.5",
    "POOL_KIND": "QueuePool",
    "POOL_SIZE": "20",
    "POOL_MAX_OVERFLOW": "0",
    "POOL_TIMEOUT": "1.5",
    "POOL_RECYCLE": "600",
    "POOL_PRE_PING": "false",
    "POOL_USE_LIFO": "TRUE",
}


def test_every_variable_is_read() -> None:
    config = from_env(**ALL_VARIABLES)
    assert config == DatabaseConfig(
        url=make_url(POSTGRESQL),
        echo=True,
        isolation_level="SERIALIZABLE",
        hide_parameters=False,
        sqlite_busy_timeout=2.5,
        pool=PoolConfig(
            kind="QueuePool", size=20, max_overflow=0, timeout=1.5, recycle=600, pre_ping=False, use_lifo=True
        ),
    )


def test_the_documentation_of_from_env_names_every_variable() -> None:
    text = DatabaseConfig.from_env.__doc__ or ""
    assert [name for name in ALL_VARIABLES if f"`{name}`" not in text] == []


def test_what_no_variable_names_stays_at_its_default() -> None:
    assert from_env(URL="sqlite://") == DatabaseConfig.from_url("sqlite://")


def test_variables_are_read_from_the_process_behind_any_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///a.db")
    monkeypatch.setenv("REPORTS_URL", "sqlite:///b.db")
    monkeypatch.setenv("REPORTS_ECHO", "1")
    assert DatabaseConfig.from_env().url.database == "a.db"
    assert DatabaseConfig.from_env("REPORTS_").url.database == "b.db"
    assert DatabaseConfig.from_env("REPORTS_").echo


def test_the_password_of_the_environment_takes_the_place_of_the_urls() -> None:
    config = from_env(URL="postgresql://shop:old@db/shop", PASSWORD=f"{PASSWORD}@/?#:%")
    assert config.url.password == f"{PASSWORD}@/?#:%"
    assert (config.url.host, config.url.database) == ("db", "shop")


@pytest.mark.parametrize("variables", [{}, {"POOL_SIZE": "5"}])
def test_a_missing_url_names_its_variable(variables: Mapping[str, str]) -> None:
    assert refused(of=from_env, **variables) == "the environment variable DATABASE_URL is not set"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("PASWORD", "PASSWORD"), ("POOLSIZE", "POOL_SIZE"), ("ECHOO", "ECHO"), ("POOL_PREPING", "POOL_PRE_PING")],
)
def test_a_misspelt_variable_is_refused_and_its_value_not_shown(written: str, meant: str) -> None:
    message = refused(of=from_env, URL="sqlite://", **{written: PASSWORD})
    assert message == f"unknown environment variable 'DATABASE_{written}'; did you mean 'DATABASE_{meant}'?"


def test_a_misspelt_url_is_told_from_a_missing_one() -> None:
    assert "did you mean 'DATABASE_URL'?" in refused(of=from_env, URLL="sqlite://")


def test_variables_of_others_behind_the_same_prefix_are_left_alone() -> None:
    assert from_env(URL="sqlite://", MIGRATIONS_FOLDER="x", HOST="y") == DatabaseConfig.from_url("sqlite://")


NUMBERS_AND_FLAGS = sorted(ALL_VARIABLES.keys() - {"URL", "PASSWORD", "ISOLATION_LEVEL"})
UNREADABLE_VALUES = [*((name, text) for name in NUMBERS_AND_FLAGS for text in (PASSWORD, "")), ("ISOLATION_LEVEL", " ")]


@pytest.mark.parametrize(("name", "value"), UNREADABLE_VALUES)
def test_a_value_that_cannot_be_read_names_the_variable_but_is_not_shown(name: str, value: str) -> None:
    message = refused(of=from_env, URL="sqlite://", **{name: value})
    assert message == f"the environment variable DATABASE_{name} cannot be read"


def test_an_unreadable_url_of_the_environment_is_not_shown() -> None:
    assert "cannot be read" in refused(of=from_env, URL=UNREADABLE["no scheme"] or "")


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("true", True), ("Yes", True), (" on ", True), ("0", False), ("OFF", False)]
)
def test_flags_are_read_in_the_usual_words(text: str, value: bool) -> None:
    assert from_env(URL="sqlite://", ECHO=text).echo is value


# --- Ranges

TOO_SMALL = [("size", 0), ("size", -1), ("max_overflow", -1), ("timeout", 0), ("timeout", -0.1), ("recycle", 0)]
NO_NUMBERS = [("size", "5"), ("size", 5.5), ("max_overflow", nan), ("timeout", nan), ("timeout", inf), ("recycle", "1")]


@pytest.mark.parametrize(("name", "value"), [*TOO_SMALL, *NO_NUMBERS])
def test_a_pool_setting_out_of_range_is_refused(name: str, value: Any) -> None:
    assert refused(of=PoolConfig, **{name: value}).startswith(f"pool {name}={value!r} cannot work; it must be ")


@pytest.mark.parametrize(
    ("name", "value"), [("size", 1), ("max_overflow", 0), ("timeout", 0.001), ("recycle", 0.5), ("recycle", 10**9)]
)
def test_a_pool_setting_at_the_end_of_its_range_is_taken(name: str, value: Any) -> None:
    assert getattr(PoolConfig(**{name: value}), name) == value


@pytest.mark.parametrize("kind", ["queue", "SingletonThreadPool", "queuepool", ""])
def test_an_unknown_kind_of_pool_is_refused(kind: Any) -> None:
    assert refused(of=PoolConfig, kind=kind) == (
        f"pool kind {kind!r} is unknown; take one of QueuePool, NullPool, StaticPool"
    )


@pytest.mark.parametrize("seconds", [-1, nan, inf, 2_147_484])
def test_a_busy_timeout_that_sqlite_cannot_keep_is_refused(seconds: float) -> None:
    assert refused("sqlite://", sqlite_busy_timeout=seconds).startswith(f"sqlite_busy_timeout={seconds!r} cannot work")


@pytest.mark.parametrize("seconds", [0, 2_147_483])
def test_the_longest_and_the_shortest_busy_timeout_reach_sqlite(seconds: float) -> None:
    with DatabaseManager("sqlite://", sqlite_busy_timeout=seconds) as db, db.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == seconds * 1000


# --- Frozen


@pytest.mark.parametrize("settings", [DatabaseConfig.from_url("sqlite://"), PoolConfig()], ids=["database", "pool"])
def test_settings_cannot_be_changed(settings: Any) -> None:
    for name in (each.name for each in dataclasses.fields(settings)):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(settings, name, None)
    with pytest.raises((dataclasses.FrozenInstanceError, TypeError, AttributeError)):
        settings.another = 1


def test_settings_do_not_change_with_the_mapping_that_they_were_made_from() -> None:
    arguments = {"application_name": "shop"}
    config = DatabaseConfig.from_url(POSTGRESQL, connect_args=arguments)
    arguments["application_name"] = "other"
    assert config.connect_args == {"application_name": "shop"}


def test_equal_settings_are_one_key() -> None:
    first, second = (DatabaseConfig.from_url(POSTGRESQL, connect_args={"a": "b"}) for _ in range(2))
    assert {first: 1}[second] == 1


def test_keywords_beside_an_object_replace_its_values_for_one_manager() -> None:
    config = DatabaseConfig.from_url("sqlite://", sqlite_busy_timeout=7)
    with DatabaseManager(config, echo=True) as db:
        assert (db.config.echo, db.config.sqlite_busy_timeout) == (True, 7)
    assert not config.echo
