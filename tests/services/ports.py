"""Ports for servers that a test starts."""

import socket


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens on."""
    listeners = [socket.socket() for _ in range(count)]
    try:
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()
