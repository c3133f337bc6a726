"""Fixtures: private servers, one database for each driver, and test bodies that run sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import URL

from tests.drivers import Driver, Kit, chosen_drivers, create_tables, empty_tables
from tests.servers import Missing, find_mariadb, find_postgresql, skip_or_fail


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `kit` runs on every driver, or on those that its mark `drivers` names."""
    if "driver" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("drivers")
    chosen = chosen_drivers()
    if mark is not None:
        chosen = [driver for driver in chosen if driver.name in mark.args or driver.backend in mark.args]
    metafunc.parametrize("driver", chosen, ids=str, scope="session")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Runs the body of a test on an asynchronous driver inside a greenlet, or as the coroutine that it is."""
    kit = pyfuncitem.funcargs.get("kit")
    if not isinstance(kit, Kit):
        return None
    arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
    if asyncio.iscoroutinefunction(pyfuncitem.obj):
        assert kit.runner is not None, "a coroutine function needs a mark: @pytest.mark.drivers(<asynchronous ones>)"
        kit.runner.run(pyfuncitem.obj(**arguments))
    else:
        kit.run(pyfuncitem.obj, **arguments)
    return True


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for all tests: pools belong to a loop."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Any]:
    """A private PostgreSQL server."""
    found = find_postgresql()
    if isinstance(found, Missing):
        skip_or_fail(found)
    else:
        with found.server() as server:
            yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Any]:
    """A private MariaDB server, or the one that DALKIT_TEST_MARIADB names."""
    found = find_mariadb()
    if isinstance(found, Missing):
        skip_or_fail(found)
    else:
        with found.server() as server:
            yield server


@pytest.fixture(scope="session")
def database_url(driver: Driver, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> URL:
    """A database for this driver alone."""
    if driver.backend == "sqlite":
        path = tmp_path_factory.mktemp(driver.name) / "test.db"
        return URL.create(driver.drivername, database=str(path))
    server = request.getfixturevalue(driver.backend)
    server.create_database(f"dalkit_{driver.name}")
    return server.url(f"dalkit_{driver.name}").set(drivername=driver.drivername)


@pytest.fixture(scope="session")
def prepared(driver: Driver, database_url: URL, request: pytest.FixtureRequest) -> Iterator[tuple[Kit, Any]]:
    """A kit and a manager for the whole session, with the tables of all seed models."""
    runner = request.getfixturevalue("runner") if driver.asynchronous else None
    kit = Kit(driver, database_url, runner)
    manager = kit.manager()
    kit.run(create_tables, manager.engine)
    yield kit, manager
    kit.clean_up()


@pytest.fixture
def kit(prepared: tuple[Kit, Any]) -> Iterator[Kit]:
    """What a test needs to be written once for all drivers; what it makes is cleaned up after the test."""
    shared = prepared[0]
    own = Kit(shared.driver, shared.url, shared.runner)
    yield own
    own.clean_up()


@pytest.fixture
def db(kit: Kit, prepared: tuple[Kit, Any]) -> Iterator[Any]:
    """A manager of a database whose tables are empty; it must give all connections back."""
    manager = prepared[1]
    yield manager
    for name, status in manager.pool_status().items():
        assert not status.checked_out, f"the {name} has {status.checked_out} connection(s) that nobody gave back"
    kit.run(empty_tables, manager.engine)
