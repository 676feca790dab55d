"""A child process that does not outlive this one."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38  # linux/prctl.h

_libc = ctypes.CDLL(None)


class Process:
    """A command in a process group of its own.

    Start it in a thread that lives as long as the child should: the kernel
    sends the child SIGTERM when that thread ends.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        log: Path | None = None,
        no_new_privileges: bool = False,
    ) -> None:
        """Start ``command``.

        Args:
            log: Where its output goes; not given, where ours goes.
            no_new_privileges: Programs that it starts gain nothing by being another user's
                (set-user-ID).
        """
        self.log = log
        output = log.open("ab") if log else None
        try:
            self._child = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                start_new_session=True,
                preexec_fn=_give_up_privileges if no_new_privileges else _die_with_parent,
            )
        finally:
            if output:
                output.close()

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group."""
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        """The exit status (negative: the signal that ended it), or None while it runs."""
        return self._child.poll()

    def stop(self, seconds: float) -> None:
        """Ask it to end, wait so long, then kill it and whatever it started."""
        self._child.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._child.wait(seconds)
        self.kill()

    def kill(self) -> None:
        """Kill what is left of its group."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._child.wait()

    def tail(self, lines: int) -> str:
        """The last lines of its log."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(
            self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        )


def _die_with_parent() -> None:
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _give_up_privileges() -> None:
    _die_with_parent()
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
