"""The secret that opens those of Triton's protocols that reach beyond one request.

Triton knows no users: whoever reaches its ports could unload a model, load code of his own,
list the recordings in shared memory or have a log written anywhere.  Every start makes a
secret that these protocols ask for.  It lies in POSIX shared memory, where only processes of
the same user on this machine, or containers that share its IPC, can read it; for a Triton
elsewhere it is TRITON_SECRET on both sides.  Other users of the machine see it in the
server's command line, unless /proc hides that from them (hidepid=2).

The standard library only: the image's health check reads it too.
"""

import contextlib
import os
import secrets
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
PREFIX = "triton-asr-secret-"
# Inference, health, metadata and statistics stay open, for perf_analyzer among others.
PROTOCOLS = ("model-repository", "shared-memory", "trace", "logging")
HEADER = "triton-asr-secret"
GRPC_HEADER = f"triton-grpc-protocol-{HEADER}"


def publish(grpc_port: int, given: str | None = None, folder: Path = SHARED_MEMORY) -> str:
    """Make the secret of a Triton that starts now on this port, unless one is given.

    Raises:
        OSError: another user's lies there, or there is no room.
    """
    secret = given or secrets.token_hex(32)
    path = folder / f"{PREFIX}{grpc_port}"
    written = folder / f"{path.name}-{secrets.token_hex(8)}"
    descriptor = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(secret)
        written.replace(path)
    except BaseException:
        written.unlink()
        raise
    return secret


def withdraw(grpc_port: int, folder: Path = SHARED_MEMORY) -> None:
    """Take the secret away of a Triton that has ended."""
    with contextlib.suppress(OSError):
        (folder / f"{PREFIX}{grpc_port}").unlink()


def find(grpc_port: int, folder: Path = SHARED_MEMORY) -> str | None:
    """The secret of the Triton on this port, if this user has started it on this machine."""
    try:
        # A link could lead to what another user wants to have read.
        descriptor = os.open(
            folder / f"{PREFIX}{grpc_port}", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        )
        with open(descriptor, encoding="ascii") as file:
            # Who may write there could have written one that he knows.
            return file.read() if os.fstat(descriptor).st_uid == os.geteuid() else None
    except (OSError, ValueError):
        return None


class TritonSecret:
    """What an adapter knows of its Triton's secret; a plugin of ``tritonclient``'s gRPC clients.

    A Triton that is started again has another one, so nothing is kept.
    """

    def __init__(self, grpc_port: int, given: str | None = None) -> None:
        self._grpc_port = grpc_port
        self._given = given

    def here(self) -> str | None:
        """The secret, if the Triton runs on this machine as this user."""
        found = find(self._grpc_port)
        return found if self._given in (None, found) else None

    def __call__(self, request: object) -> None:
        """Show the secret with a request of the client."""
        if secret := self._given or find(self._grpc_port):
            request.headers = {**(request.headers or {}), GRPC_HEADER: secret}


def restrictions(secret: str) -> list[str]:
    """The options of ``tritonserver`` that make it ask for the secret."""
    value = f"{','.join(PROTOCOLS)}:{HEADER}={secret}"
    return [f"--grpc-restricted-protocol={value}", f"--http-restricted-api={value}"]
