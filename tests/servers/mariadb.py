"""MariaDB: a private server from the programs on this machine, or one that runs already."""

import os
import secrets
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL, make_url

from .missing import Missing
from .process import LOCALHOST, PrivateServer, ServerError, execute

VARIABLE = "DALKIT_TEST_MARIADB"
DAEMON = "mariadbd"
INSTALLER = "mariadb-install-db"

# What was committed need not survive the machine, but a killed server: so no fsync, yet commits are written.
OPTIONS: Mapping[str, str | int] = {
    "bind-address": LOCALHOST,
    "character-set-server": "utf8mb4",
    "default-time-zone": "+00:00",
    "innodb-buffer-pool-size": "256M",
    "innodb-doublewrite": "OFF",
    "innodb-flush-log-at-trx-commit": 2,
    "max-connections": 300,
    "skip-name-resolve": "ON",
}

FIRST_STATEMENTS = """\
CREATE DATABASE IF NOT EXISTS dalkit;
CREATE USER IF NOT EXISTS dalkit@'%' IDENTIFIED BY 'dalkit';
GRANT ALL ON *.* TO dalkit@'%' WITH GRANT OPTION;
"""


@dataclass(frozen=True)
class MariaDBPrograms:
    """The server's program, and the one that makes its data directory."""

    daemon: Path
    installer: Path

    @property
    def folder(self) -> Path:
        """What MariaDB calls its basedir."""
        return self.daemon.parent.parent

    def server(self, options: Mapping[str, str | int] | None = None) -> "MariaDBServer":
        """A server, not started yet."""
        return MariaDBServer(self, options)


class RunningMariaDB:
    """A server that somebody else runs. The databases that are made in it here are dropped when it is left."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._made: list[str] = []
        self.database = f"dalkit_{secrets.token_hex(4)}"

    def server(self) -> Self:
        """This server: it has been started already."""
        return self

    def url(self, database: str | None = None, driver: str = "pymysql") -> URL:
        """Where a database is, for `create_engine`."""
        dialect = self._url.get_backend_name()
        return self._url.set(drivername=f"{dialect}+{driver}", database=database or self.database)

    def create_database(self, name: str) -> None:
        """Make one more database."""
        execute(self.url("mysql"), f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        self._made.append(name)

    def __enter__(self) -> Self:
        self.create_database(self.database)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        execute(self.url("mysql"), *(f"DROP DATABASE IF EXISTS `{name}`" for name in self._made))
        self._made.clear()


def find_mariadb() -> MariaDBPrograms | RunningMariaDB | Missing:
    """What DALKIT_TEST_MARIADB names, else the programs on PATH, or why there are none."""
    named = os.environ.get(VARIABLE, "")
    if named.startswith(("mysql", "mariadb")) and "://" in named:
        return RunningMariaDB(make_url(named))
    daemon = _which(named or DAEMON)
    if daemon is None:
        there = f"{VARIABLE} names no program" if named else f"{DAEMON} is not on PATH, and {VARIABLE} names none"
        return Missing("mariadb", there)
    installer = _beside(daemon) or _which(INSTALLER)
    if installer is None:
        return Missing("mariadb", f"{INSTALLER} is neither beside {daemon} nor on PATH")
    return MariaDBPrograms(daemon, installer)


class MariaDBServer(PrivateServer):
    """A private MariaDB: database, user and password are all `dalkit`, characters are utf8mb4.

    Args:
        programs: The installation; that of `find_mariadb` by default.
        options: More options of mariadbd, such as `{"log-bin": "binlog"}`.
    """

    backend = "mariadb"
    ready_words = "ready for connections"
    stop_signal = signal.SIGTERM
    discard_signal = signal.SIGKILL
    database = "dalkit"

    def __init__(self, programs: MariaDBPrograms | None = None, options: Mapping[str, str | int] | None = None) -> None:
        super().__init__()
        self._programs = programs or _found()
        self._options = {**OPTIONS, **(options or {})}

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def url(self, database: str | None = None, driver: str = "pymysql") -> URL:
        """Where a database is, for `create_engine`."""
        return URL.create(
            f"mariadb+{driver}",
            username="dalkit",
            password="dalkit",
            host=LOCALHOST,
            port=self.port,
            database=database or self.database,
        )

    def create_database(self, name: str) -> None:
        """Make one more database."""
        execute(self.url(), f"CREATE DATABASE `{name}`")

    def _initialise(self) -> None:
        self._first_file.write_text(FIRST_STATEMENTS)
        self._account.take_over(self._first_file)
        how = ["--no-defaults", "--skip-test-db", "--auth-root-authentication-method=normal"]
        self.run(self._programs.installer, *how, *self._places)

    def _command(self, port: int) -> Sequence[str | Path]:
        # The socket is named relative to the data directory, since a longer name may not fit its 107 bytes.
        here = ["--socket=server.sock", "--pid-file=server.pid", f"--init-file={self._first_file}", f"--port={port}"]
        options = [f"--{name}={value}" for name, value in self._options.items()]
        return [self._programs.daemon, "--no-defaults", *self._places, *here, *options]

    @property
    def _places(self) -> list[str]:
        return [f"--basedir={self._programs.folder}", f"--datadir={self.data}"]

    @property
    def _first_file(self) -> Path:
        return self.folder / "first.sql"


def _which(name: str) -> Path | None:
    """A program on PATH, or in the folders for servers, which a user's PATH often lacks."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin"])
    found = shutil.which(name, path=path)
    return Path(found).resolve() if found else None


def _beside(daemon: Path) -> Path | None:
    folder = daemon.parent.parent
    places = [daemon.parent, folder / "bin", folder / "scripts"]
    return next((place / INSTALLER for place in places if (place / INSTALLER).exists()), None)


def _found() -> MariaDBPrograms:
    found = find_mariadb()
    if isinstance(found, MariaDBPrograms):
        return found
    raise ServerError(str(found) if isinstance(found, Missing) else f"{VARIABLE} names a server that runs already")
