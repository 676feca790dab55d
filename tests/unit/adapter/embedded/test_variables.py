"""Each process of ``make serve`` is told the settings, and no secret that it has no use for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapter.embedded import supervisor as supervisors
from adapter.embedded import variables
from adapter.embedded.supervisor import Supervisor
from adapter.embedded.tritonserver import environment
from adapter.embedded.variables import HUB_TOKENS, KEYS, variables_without
from pipeline import hardware
from pipeline.hardware import CARDS_VARIABLE
from pipeline.hardware.card import from_text
from pipeline.settings import Settings
from tests.cards.table import card

ROOT = Path(__file__).parents[4]
KEY, TOKEN = "k" * 16, "hf_secret"


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch) -> Path:
    """A ``.env`` with both secrets in the folder in which the service is started."""
    path = tmp_path / ".env"
    path.write_text(f"API_KEY={KEY}\nhf_token={TOKEN}\nMAX_REQUESTS=7\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(variables, "ENV_FILE", ".env")
    for name in ("API_KEY", "HF_TOKEN", "MAX_REQUESTS", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    return path


# Prints by how many megabytes a process has grown whose threads have computed on batches.
COMPUTE = """
import threading
from pathlib import Path
import numpy as np
from pipeline.hardware import give_memory_back

def held():
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024

def compute():
    for _ in range(20):
        batch = [np.ones(1 << 20, np.float32) for _ in range(12)]
        del batch

before = held()
threads = [threading.Thread(target=compute) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
give_memory_back()
print(held() - before)
"""


def read_by_child(told: dict[str, str], folder: Path) -> list[str]:
    """What a process that is told this takes for its token, keys and MAX_REQUESTS."""
    program = (
        "from pipeline.settings import read_settings\n"
        "settings = read_settings()\n"
        "token = settings.hf_token and settings.hf_token.get_secret_value()\n"
        "keys = [key.get_secret_value() for key in settings.api_key]\n"
        "print(token, keys, settings.max_requests, sep='\\n')\n"
    )
    command = [sys.executable, "-c", program]
    told = {**told, "PYTHONPATH": str(ROOT)}
    outcome = subprocess.run(command, cwd=folder, env=told, capture_output=True, encoding="utf-8")
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.splitlines()


def test_the_adapter_is_not_told_the_hubs_token(env_file):
    told = variables_without(HUB_TOKENS)
    assert TOKEN not in told.values()
    assert read_by_child(told, env_file.parent) == ["None", f"['{KEY}']", "7"]


def test_triton_is_not_told_clients_keys(env_file):
    told = environment(Settings(_env_file=None, device="cpu"), [])
    assert KEY not in told.values()
    assert read_by_child(told, env_file.parent) == [TOKEN, "[]", "7"]


@pytest.mark.parametrize("name", ["API_KEY", "api_key", "Asr_Api_Key"])
def test_a_variables_case_does_not_matter(monkeypatch, name):
    monkeypatch.setenv(name, KEY)
    assert KEY not in variables_without(KEYS).values()


@pytest.mark.parametrize(("own", "told"), [("3", "3"), ("", "7")])
def test_a_variable_goes_before_env_unless_it_is_empty(env_file, monkeypatch, own, told):
    monkeypatch.setenv("MAX_REQUESTS", own)
    assert read_by_child(variables_without(()), env_file.parent)[2] == told


def test_what_is_no_setting_stays_in_env(env_file):
    env_file.write_text("LD_PRELOAD=/tmp/library.so\nLOG_LEVEL=debug\n", encoding="utf-8")
    told = variables_without(())
    assert told["LOG_LEVEL"] == "debug"
    assert told.get("LD_PRELOAD") == os.environ.get("LD_PRELOAD")


def test_the_supervisor_starts_the_adapter_without_token_and_privileges(env_file, monkeypatch):
    started = []
    monkeypatch.setattr(supervisors, "Process", lambda *given, **how: started.append((given, how)))
    Supervisor(Settings(_env_file=None, device="cpu")).start_adapter()
    (((_, told), how),) = started
    assert TOKEN not in told.values()
    assert told["API_KEY"] == KEY
    assert how == {"no_new_privileges": True}


def test_triton_sees_no_card_and_its_leaves_are_told_which_serve(env_file, monkeypatch):
    cards = (card("RTX 5090"), card("RTX 5090", 1))
    monkeypatch.setattr(hardware, "survey", lambda: hardware.Survey(cards))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    settings = Settings(_env_file=None, device="auto", cache_dir=env_file.parent)
    told = environment(settings, [])
    assert told["CUDA_VISIBLE_DEVICES"] == ""
    assert from_text(told[CARDS_VARIABLE]) == cards
    assert told["CUDA_CACHE_PATH"] == str(env_file.parent / "cuda")  # compiled once
    monkeypatch.setenv("CUDA_CACHE_PATH", "/elsewhere")
    assert environment(settings, [])["CUDA_CACHE_PATH"] == "/elsewhere"
    on_cpu = environment(Settings(_env_file=None, device="cpu"), [])
    assert from_text(on_cpu[CARDS_VARIABLE]) == ()


def test_what_models_have_freed_is_given_back_whichever_thread_had_it():
    told = environment(Settings(_env_file=None, device="cpu"), [])
    kept = subprocess.run(
        [sys.executable, "-c", COMPUTE], env=told, capture_output=True, encoding="utf-8", check=True
    )
    assert int(kept.stdout) <= 8
