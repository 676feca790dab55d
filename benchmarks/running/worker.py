"""Networks in a process of their own, asked line by line: JSON in, JSON out."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 30
LOG_CHARACTERS = 4000


class WorkerError(RuntimeError):
    """A worker ended, or a command of it raised."""


class Worker:
    """A process that runs ``python -m MODULE``; a context manager that ends it."""

    def __init__(self, module: str, environment: Mapping[str, str], log: Path) -> None:
        """Start it.

        Args:
            module: calls :func:`answer_commands`.
            environment: goes before this process's own.
            log: what it writes to its standard error.
        """
        self.module = module
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", module],
                cwd=ROOT,
                env={**os.environ, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                encoding="utf-8",
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def ask(self, command: str, **arguments: object) -> dict:
        """Run a command of the worker and wait for its answer.

        Raises:
            WorkerError: with what the command raised.
        """
        try:
            print(json.dumps({"command": command, **arguments}), file=self._process.stdin)
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise WorkerError(f"{self.module} ended:\n{self._said()}")
        answer = json.loads(answer)
        if "failure" in answer:
            raise WorkerError(f"{self.module} {command}: {answer['failure']}\n{self._said()}")
        return answer

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-LOG_CHARACTERS:]

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *exception: object) -> None:
        if exception[0] is not None:
            self._process.kill()  # it may be in the middle of minutes of work
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def answer_commands(commands: Mapping[str, Callable[..., dict]]) -> None:
    """Answer commands from the standard input until it ends."""
    # Libraries print; only answers may go to whoever asked.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        arguments = json.loads(line)
        command = arguments.pop("command")
        try:
            answer = commands[command](**arguments)
        except Exception as failure:
            import traceback

            traceback.print_exc()
            answer = {"failure": f"{type(failure).__name__}: {failure}"}
        print(json.dumps(answer), file=answers, flush=True)
