"""A wire between us and a server that can be cut after so many bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

BLOCK = 1 << 16


@dataclass
class Wire:
    """Forwards connections; what `cut` does happens once when the server has said `limit` bytes."""

    target: int
    limit: int | None = None
    cut: Callable[[], None] | None = None
    listener: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        """Listen on a free port."""
        self.listener = socket.create_server(("127.0.0.1", 0))

    @property
    def port(self) -> int:
        """Where to connect."""
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        """Accept until the listener is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            for ends in ((client, server, False), (server, client, True)):
                threading.Thread(target=self._forward, args=ends, daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket, is_answer: bool) -> None:
        said = 0
        with suppress(OSError):
            while block := source.recv(BLOCK):
                said += len(block)
                if is_answer and self.limit is not None and said > self.limit:
                    self.limit = None
                    if self.cut:
                        self.cut()
                    break
                sink.sendall(block)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def wired(
    target: int, limit: int | None = None, cut: Callable[[], None] | None = None
) -> Iterator[Wire]:
    """Give a wire to a port of the loopback."""
    wire = Wire(target, limit, cut)
    threading.Thread(target=wire.serve, daemon=True).start()
    try:
        yield wire
    finally:
        wire.listener.close()
