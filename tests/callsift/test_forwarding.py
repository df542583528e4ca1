"""The port that leads to another one: bytes go both ways, and an end on one side ends the other."""

import socket
import threading

from callsift.embedded import free_port
from callsift.forwarding import forwarded
from streams.settings import address_and_port


def echo(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        while chunk := connection.recv(4096):
            connection.sendall(chunk.upper())


def test_bytes_go_both_ways_until_one_side_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=echo, args=(listener,), daemon=True).start()
        port = free_port()
        with (
            forwarded(listener.getsockname(), port) as address,
            socket.create_connection(address_and_port(address)) as one,
        ):
            assert address == f"127.0.0.1:{port}"
            sent = b"abc" * 50_000
            threading.Thread(target=one.sendall, args=(sent,), daemon=True).start()
            got = b""
            while len(got) < len(sent):
                got += one.recv(65_536)
            assert got == sent.upper()
            one.shutdown(socket.SHUT_WR)
            assert one.recv(1) == b""


def test_a_target_that_refuses_ends_the_connection() -> None:
    with forwarded(("127.0.0.1", free_port())) as address, socket.create_connection(address_and_port(address)) as one:
        assert one.recv(1) == b""


def test_the_next_free_port_is_taken() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), forwarded(("127.0.0.1", 9), port) as address:
        assert address != f"127.0.0.1:{port}"
