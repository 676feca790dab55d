"""Which processes of Triton's models are alive, seen from the same machine.

Triton's Python backend runs every model instance in a process of its own,
the «stub», and goes on calling a model ready when that process is gone.
"""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
SERVER = "tritonserver"
STUB = "triton_python_backend_stub"
STOPPED = "T"  # in /proc/<pid>/stat, as by SIGSTOP
STUB_MODEL, STUB_INSTANCE = 1, 8  # of its arguments: the path of model.py, the instance's name


def _arguments(process: Path) -> list[str]:
    # Empty for a process that is gone and for one that is dead and not yet waited for.
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def _state_and_parent(process: Path) -> tuple[str, str]:
    # The name of the program, in parentheses, may itself hold spaces and parentheses.
    try:
        status = (process / "stat").read_text(encoding="utf-8", errors="replace")
        state, parent = status.rpartition(")")[2].split()[:2]
    except (OSError, ValueError):
        return "", ""
    return state, parent


@dataclass(frozen=True)
class _Stub:
    """The process of a model's instance."""

    pid: int
    model: str
    instance: str
    stopped: bool


def _commands() -> dict[str, list[str]]:
    return {
        process.name: arguments
        for process in PROC.iterdir()
        if process.name.isdigit() and (arguments := _arguments(process))
    }


def _servers(commands: dict[str, list[str]], secret: str | None) -> set[str]:
    if secret is None:
        return set()
    return {
        pid
        for pid, arguments in commands.items()
        if os.path.basename(arguments[0]) == SERVER
        and any(argument.endswith(f"={secret}") for argument in arguments)
    }


def _stubs(secret: str | None) -> list[_Stub] | None:
    commands = _commands()
    servers = _servers(commands, secret)
    if not servers:
        return None
    stubs = []
    for pid, arguments in commands.items():
        if os.path.basename(arguments[0]) != STUB or len(arguments) <= STUB_INSTANCE:
            continue
        state, parent = _state_and_parent(PROC / pid)
        if parent in servers:
            model = Path(arguments[STUB_MODEL]).parent.parent.name
            stubs.append(_Stub(int(pid), model, arguments[STUB_INSTANCE], state == STOPPED))
    return stubs


def live_instances(secret: str | None) -> dict[str, dict[str, int]] | None:
    """The model instances that have a process which is not stopped, by model, and that process.

    None when no Triton with this secret runs where we can see it: it is on
    another machine, or in a container with processes of its own.
    """
    stubs = _stubs(secret)
    if stubs is None:
        return None
    instances: dict[str, dict[str, int]] = {}
    for stub in stubs:
        if not stub.stopped:
            instances.setdefault(stub.model, {})[stub.instance] = stub.pid
    return instances


def end_stopped(secret: str | None, model: str) -> None:
    """Kill the processes of a model that are stopped: they would neither work nor end."""
    for stub in _stubs(secret) or ():
        if stub.model == model and stub.stopped:
            _kill(stub.pid)


def end_server(secret: str | None) -> bool:
    """Kill the Triton with this secret; whether it ran where we can see and end it."""
    killed = [_kill(int(pid)) for pid in _servers(_commands(), secret)]
    return any(killed)


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True
