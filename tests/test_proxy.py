"""The proxy of the tests: it counts what it should, and cuts where it should."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from tests.proxy import LOCALHOST, Moment, Proxy


class Echo:
    """A server that answers each line with the same line, and remembers all lines."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.listener = socket.create_server((LOCALHOST, 0))
        self.port: int = self.listener.getsockname()[1]
        self.threads = [threading.Thread(target=self.serve, daemon=True)]
        self.threads[0].start()

    def serve(self) -> None:
        while True:
            connection = self.listener.accept()[0]
            if self.port == 0:
                connection.close()
                return
            self.threads.append(threading.Thread(target=self.answer, args=(connection,), daemon=True))
            self.threads[-1].start()

    def answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines:
            for line in lines:
                self.heard.append(line)
                connection.sendall(line)

    def close(self) -> None:
        port, self.port = self.port, 0
        socket.create_connection((LOCALHOST, port)).close()
        for thread in self.threads:
            thread.join(5)
        self.listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with Proxy(LOCALHOST, echo.port) as made:
        yield made


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with connected(proxy) as made:
        yield made


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection((LOCALHOST, proxy.port), timeout=5)


def ask(client: socket.socket, *parts: bytes) -> bytes:
    """Sends parts one after the other, and returns the answer, which is empty when the connection has ended."""
    try:
        for part in parts:
            client.sendall(part)
        answer = b""
        while not answer.endswith(b"".join(parts)) and (more := client.recv(1000)):
            answer += more
    except ConnectionError:
        return b""
    return answer


def test_a_round_trip_is_counted_when_the_client_speaks_after_the_server(proxy: Proxy, client: socket.socket) -> None:
    assert proxy.round_trips == 0
    assert ask(client, b"one\n") == b"one\n"
    assert ask(client, b"two ", b"at once\n") == b"two at once\n"
    assert proxy.round_trips == 2


def test_connections_are_counted_together(proxy: Proxy, client: socket.socket) -> None:
    with connected(proxy) as second:
        ask(client, b"one\n")
        ask(second, b"two\n")
    assert proxy.round_trips == 2


def test_cut_ends_all_connections_and_lets_new_ones_in(proxy: Proxy, client: socket.socket) -> None:
    ask(client, b"one\n")
    proxy.cut()
    assert ask(client, b"two\n") == b""
    with connected(proxy) as second:
        assert ask(second, b"three\n") == b"three\n"


def test_refuse_keeps_open_connections_and_admit_opens_the_same_port(proxy: Proxy, client: socket.socket) -> None:
    ask(client, b"one\n")
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        connected(proxy)
    assert ask(client, b"two\n") == b"two\n"
    proxy.admit()
    with connected(proxy) as second:
        assert ask(second, b"three\n") == b"three\n"


def test_a_server_that_does_not_run_ends_the_connection(echo: Echo) -> None:
    with socket.create_server((LOCALHOST, 0)) as probe:
        free = probe.getsockname()[1]
    with Proxy(LOCALHOST, free) as proxy, connected(proxy) as client:
        assert ask(client, b"one\n") == b""


def test_a_cut_before_the_pattern_keeps_it_from_the_server(echo: Echo, proxy: Proxy, client: socket.socket) -> None:
    fault = proxy.cut_at(b"COMMIT", "before")
    assert ask(client, b"INSERT\n") == b"INSERT\n"
    assert ask(client, b"COMMIT\n") == b""
    assert fault.happened
    assert echo.heard == [b"INSERT\n"]


@pytest.mark.parametrize("moment", ["during", "after"])
def test_a_cut_later_keeps_the_answer_from_the_client(
    echo: Echo, proxy: Proxy, client: socket.socket, moment: Moment
) -> None:
    fault = proxy.cut_at(b"COMMIT", moment)
    assert ask(client, b"COMMIT\n") == b""
    assert fault.happened
    echo.threads[-1].join(5)
    assert echo.heard == [b"COMMIT\n"]


def test_a_pattern_is_found_across_two_packets(echo: Echo, proxy: Proxy, client: socket.socket) -> None:
    fault = proxy.cut_at(b"COMMIT", "before")
    client.sendall(b"COM")
    threading.Event().wait(0.05)
    assert ask(client, b"MIT\n") == b""
    assert fault.happened
    assert b"COMMIT\n" not in echo.heard


def test_a_fault_happens_once(proxy: Proxy, client: socket.socket) -> None:
    fault = proxy.cut_at(b"COMMIT")
    assert not fault.happened
    assert ask(client, b"COMMIT\n") == b""
    assert fault.happened
    with connected(proxy) as second:
        assert ask(second, b"COMMIT\n") == b"COMMIT\n"
