"""A TCP proxy between a driver and its server: it counts round trips, and lets the network fail where a test wants it.

    with Proxy(server.host, server.port) as proxy:
        manager = kit.manager(proxy.url(kit.url))
        before = proxy.round_trips
        ...
        assert proxy.round_trips - before == 3

A round trip is one time that the client speaks after the server has spoken: messages that a driver sends in one go, or
one after the other without waiting, are one.

Faults: `cut` ends all connections, `refuse` lets nobody in until `admit`, and `cut_at(pattern, moment)` ends the
connection on which the client sends a pattern such as `b"COMMIT"`:

    before   the server never sees it
    during   the server gets it, and nobody listens to its answer any more
    after    the server has answered, so that the work is done, but the client never hears of it
"""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self

from sqlalchemy import URL

LOCALHOST = "127.0.0.1"
CHUNK = 65536
LONGEST_PATTERN = 200
PATIENCE = 5.0

Moment = Literal["before", "during", "after"]


class Fault:
    """A connection that will be cut, once, when the client sends `pattern`.

    Attributes:
        happened: Whether that was so; true before the client can know.
    """

    def __init__(self, pattern: bytes, moment: Moment) -> None:
        self.pattern = pattern
        self.moment = moment
        self.happened = False


class Link:
    """One connection of a client, and the proxy's own to the server, with a thread for each direction."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._server_spoke_last = True
        self._request = b""
        self._deaf: Fault | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begins to forward."""
        self._thread.start()

    def cut(self) -> None:
        """Ends both connections; what was sent on already still arrives."""
        for each in (self._client, self._server):
            with suppress(OSError):  # it has ended by itself
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Cuts, and waits for the threads."""
        self.cut()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        answers = threading.Thread(target=self._forward, args=(self._forward_answers,), daemon=True)
        answers.start()
        self._forward(self._forward_requests)
        answers.join()
        self._client.close()
        self._server.close()
        self._proxy.forget(self)

    def _forward(self, loop: Callable[[], None]) -> None:
        with suppress(OSError):  # an end was cut
            loop()
        self.cut()

    def _forward_requests(self) -> None:
        while chunk := self._client.recv(CHUNK):
            fault = self._note_request(chunk)
            if fault is not None and fault.moment == "before":
                return
            self._server.sendall(chunk)
            if fault is not None and fault.moment == "during":
                return

    def _note_request(self, chunk: bytes) -> Fault | None:
        if self._server_spoke_last:
            self._server_spoke_last = False
            self._request = b""
            self._proxy.count_round_trip()
        fault = self._proxy.take_fault(self._request + chunk)
        self._request = (self._request + chunk)[-LONGEST_PATTERN:]
        if fault is not None:
            self._deaf = fault
            fault.happened = fault.moment != "after"
        return fault

    def _forward_answers(self) -> None:
        while chunk := self._server.recv(CHUNK):
            self._server_spoke_last = True
            if self._deaf is not None:
                self._deaf.happened = True
                return
            self._client.sendall(chunk)


class Proxy:
    """Forwards a port of 127.0.0.1, `port`, to a server."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._lock = threading.Lock()
        self._links: list[Link] = []
        self._faults: list[Fault] = []
        self._round_trips = 0
        self._door: Door | None = Door(self._let_in)
        self.port = self._door.port

    def url(self, url: URL) -> URL:
        """The same database, through this proxy."""
        return url.set(host=LOCALHOST, port=self.port)

    @property
    def round_trips(self) -> int:
        """The round trips so far, on all connections."""
        with self._lock:
            return self._round_trips

    def cut(self) -> None:
        """Ends all connections; new ones are let in."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.close()

    def cut_at(self, pattern: bytes, moment: Moment = "before") -> Fault:
        """Ends the first connection on which the client sends `pattern` from now on, once."""
        fault = Fault(pattern, moment)
        with self._lock:
            self._faults.append(fault)
        return fault

    def refuse(self) -> None:
        """Refuses new connections, as a machine does on which no server runs; those that are open stay."""
        if self._door is not None:
            self._door.close()
            self._door = None

    def admit(self) -> None:
        """Lets new connections in again, on the same port."""
        if self._door is None:
            self._door = Door(self._let_in, self.port)

    def count_round_trip(self) -> None:
        """Counts one more; for the connections."""
        with self._lock:
            self._round_trips += 1

    def take_fault(self, sent: bytes) -> Fault | None:
        """Takes the fault that waits for what was sent; for the connections."""
        with self._lock:
            fault = next((fault for fault in self._faults if fault.pattern in sent), None)
            if fault is not None:
                self._faults.remove(fault)
            return fault

    def forget(self, link: Link) -> None:
        """Forgets a connection that has ended; for the connections."""
        with self._lock:
            self._links.remove(link)

    def close(self) -> None:
        """Ends everything."""
        self.refuse()
        self.cut()

    def _let_in(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._upstream, PATIENCE)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        for each in (client, server):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(self, client, server)
        with self._lock:
            self._links.append(link)
        link.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Door:
    """A port that listens, in a thread of its own."""

    def __init__(self, let_in: Callable[[socket.socket], None], port: int = 0) -> None:
        self._let_in = let_in
        self._listener = socket.create_server((LOCALHOST, port))
        self._bell, self._bell_rope = socket.socketpair()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port: int = self._listener.getsockname()[1]
        self._thread.start()

    def close(self) -> None:
        """Stops listening."""
        self._bell_rope.close()
        self._thread.join(PATIENCE)
        self._bell.close()
        self._listener.close()

    def _run(self) -> None:
        while True:
            ready = select.select([self._listener, self._bell], [], [])[0]
            if self._bell in ready:
                return
            self._let_in(self._listener.accept()[0])
