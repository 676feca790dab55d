"""The service's ports: whether they can be had, and how to reach them from here."""

import errno
import socket

from pipeline.settings import Settings, SettingsError

ANY_ADDRESS = ("0.0.0.0", "::", "")


def check_ports(settings: Settings) -> None:
    """See that every port can be listened on.

    Raises:
        SettingsError: naming the first port that cannot, and its variable.
    """
    wanted = (
        ("PORT", "HOST", settings.host, settings.port),
        ("TRITON_HTTP_PORT", "TRITON_HOST", settings.triton_host, settings.triton_http_port),
        ("TRITON_GRPC_PORT", "TRITON_HOST", settings.triton_host, settings.triton_grpc_port),
        ("TRITON_METRICS_PORT", "TRITON_HOST", settings.triton_host, settings.triton_metrics_port),
    )
    users: dict[int, str] = {}
    for variable, host_variable, host, port in wanted:
        if port in users:
            raise SettingsError(f"{users[port]} and {variable} are both {port}; change one of them")
        users[port] = variable
        try:
            _listen(host, port)
        except OSError as error:
            raise SettingsError(_sentence(error, variable, host_variable, host, port)) from None


def local_url(settings: Settings) -> str:
    """The adapter's URL for a program or a person on this machine."""
    host = "localhost" if settings.host in ANY_ADDRESS else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _listen(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as listener:
        # As the servers do: a port whose last connections are still being wound up is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()


def _sentence(error: OSError, variable: str, host_variable: str, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; set {variable} to a free one"
    if error.errno == errno.EACCES:
        return f"port {port} needs more rights than this user has; set {variable} to one above 1023"
    return f"{host_variable}={host!r} is no address of this machine ({error.strerror})"


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
