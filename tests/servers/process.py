"""What private servers have in common: a folder, a port, a process that ends with ours."""

import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, NamedTuple, Protocol, Self, TypedDict

from sqlalchemy import URL, NullPool, create_engine

from . import keeper

LOCALHOST = "127.0.0.1"
# Below the ports that clients are given: a client that calls a server that is down can then never call itself.
PORTS = range(15_000, 32_000)
START_ATTEMPTS = 10
START_SECONDS = 60
STOP_SECONDS = 30
LOOK_SECONDS = 0.02
LOG_LINES = 30
MEMORY_BYTES = 4 << 30
# A start that ends with these is tried again: somebody took the port, or a killed server's children still die.
PASSING_TROUBLE = ("ddress already in use", "pre-existing shared memory block")


class ServerError(RuntimeError):
    """A server did not do what it was told; the message ends with its log's last lines."""


class ServerBusyError(ServerError):
    """A server could not start now, but may when it is tried again."""


class Server(Protocol):
    """What tests use of a server, private or not."""

    @property
    def database(self) -> str:
        """The database that is there from the start."""
        ...

    def url(self, database: str | None = None, driver: str = ...) -> URL:
        """Where a database is, for `create_engine`."""
        ...

    def create_database(self, name: str) -> None:
        """Make one more database."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Identity(TypedDict, total=False):
    """Arguments of `subprocess.Popen`."""

    user: int
    group: int
    extra_groups: list[int]


class Account(NamedTuple):
    """The user that servers run as; -1 is ourselves."""

    uid: int
    gid: int

    @classmethod
    def of_servers(cls) -> Self:
        """`nobody` when we are root, since PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return cls(-1, -1)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid)

    def take_over(self, path: Path) -> None:
        """Give a file, or a folder with all that is in it, to this user."""
        os.chown(path, self.uid, self.gid)
        for inner in path.rglob("*"):
            os.chown(inner, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may enter a folder, as far as it is open to everybody."""
        real = folder.resolve()
        return self.uid < 0 or all(place.stat().st_mode & 0o001 for place in (real, *real.parents))

    def can_run(self, program: Path) -> bool:
        """Whether this user can run a program that knows `--version`; it is tried."""
        command = [str(program), "--version"]
        try:
            subprocess.run(command, cwd="/", check=True, capture_output=True, timeout=START_SECONDS, **self.identity())
        except (OSError, subprocess.SubprocessError):
            return False
        return True

    def identity(self) -> Identity:
        """What makes `subprocess` start a program as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.uid >= 0 else {}


class PrivateServer(ABC):
    """A server of our own. Entering it starts it, leaving it removes all of it."""

    backend: ClassVar[str]
    ready_words: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]
    discard_signal: ClassVar[signal.Signals]

    def __init__(self) -> None:
        self._account = Account.of_servers()
        self._folder: Path | None = None
        self._port: int | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def _initialise(self) -> None:
        """Make the data directory."""

    @abstractmethod
    def _command(self, port: int) -> Sequence[str | Path]:
        """The server's own command."""

    @property
    def folder(self) -> Path:
        """Where its data and its log are; it belongs to the user that the server runs as."""
        if self._folder is None:
            raise ServerError(f"{self.backend}: the server has not been started")
        return self._folder

    @property
    def port(self) -> int:
        """The port on 127.0.0.1, the same for as long as the folder lasts."""
        if self._port is None:
            raise ServerError(f"{self.backend}: the server has not been started")
        return self._port

    @property
    def pid(self) -> int:
        """The process id of the server."""
        if self._process is None or not self.running:
            raise ServerError(f"{self.backend}: the server is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> Path:
        """What the server wrote."""
        return self.folder / "server.log"

    def start(self) -> Self:
        """Start the server and wait until it answers."""
        if self.running:
            raise ServerError(f"{self.backend}: the server is running already")
        try:
            if self._folder is None:
                self._folder = _make_folder(self.backend, self._account)
                self._keeper = self._start_keeper()
                self._initialise()
            self._launch_with_patience()
        except BaseException:
            self.close()
            raise
        return self

    def stop(self) -> None:
        """Shut the server down in good order; its data and its port stay for `start`."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """Kill the server with -9; `start` then recovers what was committed."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """Stop the server, if it runs, and start it on its old data and port."""
        self.stop()
        return self.start()

    def close(self) -> None:
        """End the server at once and remove its folder."""
        self._end(self.discard_signal)
        if self._keeper is not None:
            _end(self._keeper, signal.SIGTERM)
        if self._folder is not None:
            keeper.remove(str(self._folder))
        self._folder = self._port = self._keeper = None

    def run(self, *command: str | Path) -> None:
        """Run a program to its end as the server's user in the server's folder; it writes to the server's log."""
        process = self._spawn(command)
        trouble = "failed"
        try:
            if process.wait(START_SECONDS) == 0:
                return
        except subprocess.TimeoutExpired:
            trouble = f"did not end within {START_SECONDS} s"
        finally:
            _end(process, signal.SIGKILL)
        raise self._failure(f"{command[0]} {trouble}")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _launch_with_patience(self) -> None:
        for attempt in range(START_ATTEMPTS):
            try:
                return self._launch(self._port or free_port())
            except ServerBusyError:
                if attempt == START_ATTEMPTS - 1:
                    raise
                time.sleep(0.1 * attempt)

    def _launch(self, port: int) -> None:
        mark = len(self._log_text())
        self._process = self._spawn(self._command(port))
        self._wait_until_ready(mark)
        self._port = port

    def _wait_until_ready(self, mark: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            running, text = self.running, self._log_text()[mark:]
            if running and self.ready_words in text:
                return
            if not running:
                kind = ServerBusyError if any(words in text for words in PASSING_TROUBLE) else ServerError
                raise self._failure("the server ended while it started", kind)
            time.sleep(LOOK_SECONDS)
        raise self._failure(f"the server was not ready within {START_SECONDS} s")

    def _start_keeper(self) -> subprocess.Popen[bytes]:
        """Start what ends our programs and removes our folder when this process is killed."""
        command = [sys.executable, "-I", "-S", keeper.__file__, str(os.getpid()), str(self.folder)]
        nothing = subprocess.DEVNULL
        return subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, process_group=0)

    def _spawn(self, command: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        """Start a program as the server's user, in the keeper's group: Ctrl-C does not reach that."""
        assert self._keeper is not None
        with self.log.open("ab") as log:
            try:
                return subprocess.Popen(
                    command,
                    cwd=self.folder,
                    env=_environment(self.folder),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    process_group=self._keeper.pid,
                    **self._account.identity(),
                )
            except OSError as error:
                raise self._failure(f"{command[0]} cannot be run: {error}") from error

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            _end(self._process, number)
            self._process = None

    def _failure(self, text: str, kind: Callable[[str], ServerError] = ServerError) -> ServerError:
        tail = "\n".join(self._log_text().splitlines()[-LOG_LINES:])
        return kind(f"{self.backend}: {text}; its log ends with\n{tail}")

    def _log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


def free_port() -> int:
    """A port of 127.0.0.1 on which nobody listens now."""
    # Not the global generator: pytest-randomly seeds it alike in all worker processes.
    generator = random.SystemRandom()
    while True:
        port = generator.choice(PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOCALHOST, port))
            except OSError:
                continue
            return port


def execute(url: URL, *statements: str) -> None:
    """Run statements outside of a transaction."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def _end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """End a process with a signal, or with SIGKILL if that takes too long."""
    process.send_signal(number)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(folder: Path) -> dict[str, str]:
    """Nothing of ours but PATH: variables such as PGDATA would speak to the server."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(folder), "TMPDIR": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def _make_folder(backend: str, account: Account) -> Path:
    places = _places()
    parent = next((place for place in places if place.exists() and account.can_enter(place)), places[0])
    folder = Path(tempfile.mkdtemp(prefix=f"dalkit-{backend}-", dir=parent))
    account.take_over(folder)
    return folder


def _places() -> list[Path]:
    """Where a server's folder may be, best first: where TMPDIR says, else in memory if there is plenty."""
    temporary, memory = Path(tempfile.gettempdir()), Path("/dev/shm")
    in_memory = "TMPDIR" not in os.environ and _is_roomy(memory)
    return [*([memory] if in_memory else []), temporary, Path("/tmp"), Path("/var/tmp")]


def _is_roomy(folder: Path) -> bool:
    """Whether gigabytes fit in, and programs may be run from there."""
    if not folder.exists():
        return False
    system = os.statvfs(folder)
    return system.f_bavail * system.f_frsize >= MEMORY_BYTES and not system.f_flag & os.ST_NOEXEC
