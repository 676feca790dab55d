"""Child processes end with their parent, and their children with them."""

import os
import signal
import subprocess
import sys
import time

from adapter.embedded.process import Process

SLEEPER = "import time; time.sleep(600)"


def is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:  # also one that dies just now
        return False


def wait_until_gone(*pids: int) -> bool:
    for _ in range(200):
        if not any(map(is_alive, pids)):
            return True
        time.sleep(0.05)
    return False


def test_stop_ends_what_the_child_started(tmp_path):
    script = (
        "import subprocess, sys, time\n"
        f"print(subprocess.Popen([sys.executable, '-c', {SLEEPER!r}]).pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    process = Process([sys.executable, "-c", script], os.environ, tmp_path / "log")
    while not (tmp_path / "log").read_text().strip():
        time.sleep(0.05)
    grandchild = int((tmp_path / "log").read_text())
    assert process.exit_status is None
    process.stop(10)
    assert process.exit_status == -signal.SIGTERM
    assert wait_until_gone(process.pid, grandchild)


def test_a_child_that_does_not_listen_is_killed(tmp_path):
    script = (
        "import signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    process = Process([sys.executable, "-c", script], os.environ, tmp_path / "log")
    while "ready" not in process.tail(20):
        time.sleep(0.05)
    process.stop(0.2)
    assert process.exit_status == -signal.SIGKILL


def test_a_killed_parent_takes_the_child_with_it():
    script = (
        "import os, sys, time\n"
        "from adapter.embedded.process import Process\n"
        f"print(Process([sys.executable, '-c', {SLEEPER!r}], os.environ).pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until_gone(child)


def test_the_tail_is_the_end_of_the_log(tmp_path):
    script = "print('\\n'.join(map(str, range(100))))"
    process = Process([sys.executable, "-c", script], os.environ, tmp_path / "log")
    while process.exit_status is None:
        time.sleep(0.05)
    assert process.tail(20).splitlines()[-1] == "99"
    assert "50" not in process.tail(20)


def test_privileges_can_be_given_up_for_good(tmp_path):
    script = "print(open('/proc/self/status', encoding='utf-8').read())"
    for given_up in (False, True):
        log = tmp_path / str(given_up)
        command = [sys.executable, "-c", script]
        process = Process(command, os.environ, log, no_new_privileges=given_up)
        while process.exit_status is None:
            time.sleep(0.05)
        assert ("NoNewPrivs:\t1" in process.tail(200)) is given_up
