"""Which processes of Triton's models are alive, seen from the same machine.

Triton's Python backend runs every model instance in a process of its own,
the «stub», and goes on calling a model ready when that process is gone.
"""

import os
from pathlib import Path

PROC = Path("/proc")
SERVER = "tritonserver"
STUB = "triton_python_backend_stub"
DEFAULT_GRPC_PORT = 8001
STUB_MODEL, STUB_INSTANCE = 1, 8  # of its arguments: the path of model.py, the instance's name


def _arguments(process: Path) -> list[str]:
    # Empty for a process that is gone and for one that is dead and not yet waited for.
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def _parent(process: Path) -> str:
    # The name of the program, in parentheses, may itself hold spaces and parentheses.
    try:
        return (process / "stat").read_text().rpartition(")")[2].split()[1]
    except (OSError, IndexError):
        return ""


def _grpc_port(arguments: list[str]) -> int:
    for number, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name == "--grpc-port":
            value = value or next(iter(arguments[number + 1 :]), "")
            return int(value) if value.isdigit() else DEFAULT_GRPC_PORT
    return DEFAULT_GRPC_PORT


def live_instances(grpc_port: int) -> dict[str, dict[str, int]] | None:
    """The model instances that have a process, by model, and that process.

    None when no Triton with this gRPC port runs where we can see it: on
    another machine, or in a container with processes of its own.
    """
    commands = {
        process.name: arguments
        for process in PROC.iterdir()
        if process.name.isdigit() and (arguments := _arguments(process))
    }
    servers = {
        pid
        for pid, arguments in commands.items()
        if os.path.basename(arguments[0]) == SERVER and _grpc_port(arguments) == grpc_port
    }
    if not servers:
        return None
    instances: dict[str, dict[str, int]] = {}
    for pid, arguments in commands.items():
        if os.path.basename(arguments[0]) != STUB or len(arguments) <= STUB_INSTANCE:
            continue
        if _parent(PROC / pid) in servers:
            model = Path(arguments[STUB_MODEL]).parent.parent.name
            instances.setdefault(model, {})[arguments[STUB_INSTANCE]] = int(pid)
    return instances
