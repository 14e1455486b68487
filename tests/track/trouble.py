"""Servers that are no help, on real sockets: they hang, drip, or answer nonsense; and one that stops on the way."""

import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import takewhile
from threading import Event, Thread

# without `close` a client may ask again on a connection that is just being closed
ANSWER = b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
Talk = Callable[[socket.socket, Event], None]


def hang(talk: socket.socket, over: Event) -> None:
    """Take the question and never answer."""
    over.wait()


def drip(talk: socket.socket, over: Event) -> None:
    """Answer a byte now and then: every read of a client succeeds, and the answer never ends."""
    talk.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    while not over.wait(0.1):
        talk.sendall(b" ")


def no_http(talk: socket.socket, over: Event) -> None:
    """Answer with bytes that are no HTTP."""
    talk.sendall(b"\x00\xff\x13\x37" * 100)


def no_json(talk: socket.socket, over: Event) -> None:
    """Answer as the page of a router does."""
    page = b"<html>please log in</html>"
    talk.sendall(ANSWER % (b"200 OK", len(page), page))


def other_json(talk: socket.socket, over: Event) -> None:
    """Answer with JSON that is none of MLflow's."""
    talk.sendall(ANSWER % (b"200 OK", 13, b'{"runs": [4]}'))


def failing(talk: socket.socket, over: Event) -> None:
    """Answer that the server is broken."""
    talk.sendall(ANSWER % (b"500 Internal Server Error", 4, b"oops"))


@contextmanager
def serving(talk: Talk) -> Iterator[str]:
    """The address of a server that talks like this on every connection."""
    over = Event()

    def serve(connection: socket.socket) -> None:
        with closing(connection), suppress(OSError):
            if talk.__name__ == "through" or _question(connection):
                talk(connection, over)

    def listen(door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = door.accept()
                Thread(target=serve, args=(connection,), daemon=True).start()

    with closing(socket.create_server(("127.0.0.1", 0))) as door:
        Thread(target=listen, args=(door,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            over.set()
            door.shutdown(socket.SHUT_RDWR)


def _question(connection: socket.socket) -> bytes:
    """A question to its end: to close a socket with unread bytes resets it, and the client may lose the answer."""
    with closing(connection.makefile("rb")) as lines:
        head = list(takewhile(lambda line: line != b"\r\n", lines))
        length = next((int(line.split(b":")[1]) for line in head if line.lower().startswith(b"content-length:")), 0)
        return b"".join(head) + lines.read(length)


def stopping(port: int, after: int) -> Talk:
    """Hand on what is said to a real server and back; after so many questions nothing more."""
    left = [after]

    def through(talk: socket.socket, over: Event) -> None:
        with closing(socket.create_connection(("127.0.0.1", port))) as real:
            Thread(target=_hand_on, args=(real, talk), daemon=True).start()
            while question := talk.recv(1 << 20):
                left[0] -= 1
                if left[0] < 0:
                    over.wait()
                    return
                real.sendall(question)

    return through


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 20):
            target.sendall(data)
