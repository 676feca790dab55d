"""Models that are not loaded are loaded again by whoever watches, and only by those who may."""

import asyncio

import httpx
import pytest
import tritonclient.grpc as triton
from pydantic import SecretStr
from tritonclient.utils import InferenceServerException

from adapter.triton import recovery
from adapter.triton.engine import Engine
from adapter.triton.failures import NotAdmitted, NotReady, Unreachable, from_triton
from adapter.triton.processes import live_instances
from adapter.triton.secret import HEADER, find
from tests.clients.metrics import Page
from tests.services.processes import wait_until_gone
from tests.services.tiny_triton import TEXT, ask, client, run
from tests.waiting import until

MODELS = ("whisper", "transcription", "asr")
OVERRIDE = {"parameters": {"file:1/model.py": "cHJpbnQoMSk=", "config": "{}"}}


@pytest.mark.parametrize("model", MODELS)
def test_a_recording_finds_a_model_again_that_somebody_has_unloaded(tiny, monkeypatch, model):
    monkeypatch.setattr(recovery, "WATCH_SECONDS", 3600)  # it is the recording that finds out

    async def use(engine: Engine) -> str:
        assert (await ask(engine)).segments[0].text == TEXT
        client(tiny).unload_model(model)
        assert model in await engine.missing()
        return (await ask(engine)).segments[0].text

    assert run(tiny, use) == TEXT


def test_what_an_adapter_unloaded_before_it_died_the_next_one_loads(tiny, monkeypatch):
    monkeypatch.setattr(recovery, "WATCH_SECONDS", 0.2)
    for model in MODELS:
        client(tiny).unload_model(model)

    async def use(engine: Engine) -> None:
        assert set(MODELS) <= set(await engine.missing())
        while set(MODELS) & set(await engine.missing()):
            await asyncio.sleep(0.1)

    run(tiny, use)
    run(tiny, ask)


def test_attempts_that_fail_come_less_and_less_often(monkeypatch):
    now = 1000.0
    monkeypatch.setattr(recovery.time, "monotonic", lambda: now)
    failures = recovery.Failures("whisper")
    failures.check()
    pauses = []
    for _ in range(9):
        failures.add()
        pauses.append(failures.pause)
        now += failures.pause - 1
        with pytest.raises(NotReady, match="the model whisper could not be loaded again"):
            failures.check()
        now += 1
        failures.check()
    assert pauses == [10, 20, 40, 80, 160, 320, 600, 600, 600]


@pytest.mark.parametrize(
    "path",
    [
        "repository/index",
        "repository/models/whisper/unload",
        "repository/models/whisper/load",
        "systemsharedmemory/region/theirs/register",
        "systemsharedmemory/unregister",
        "logging",
        "trace/setting",
    ],
)
def test_without_the_secret_http_changes_and_tells_nothing(tiny, path):
    url = f"http://127.0.0.1:{tiny.triton_http_port}/v2/{path}"
    for headers in ({}, {HEADER: "guessed"}):
        refused = httpx.post(url, json=OVERRIDE, headers=headers)
        assert (refused.status_code, "restricted" in refused.text) == (403, True), refused.text
    status = httpx.get(f"http://127.0.0.1:{tiny.triton_http_port}/v2/systemsharedmemory/status")
    assert status.status_code == 403


def test_without_the_secret_grpc_does_not_either(tiny):
    stranger = triton.InferenceServerClient(f"127.0.0.1:{tiny.triton_grpc_port}")
    for attempt in (
        lambda: stranger.load_model("whisper", config="{}", files={"file:1/model.py": b"print()"}),
        lambda: stranger.unload_model("whisper"),
        stranger.get_model_repository_index,
        stranger.get_system_shared_memory_status,
        stranger.unregister_system_shared_memory,
        lambda: stranger.update_log_settings({"log_file": "/dev/null"}),
        lambda: stranger.update_trace_settings(settings={"trace_file": "/dev/null"}),
    ):
        with pytest.raises(InferenceServerException) as refused:
            attempt()
        assert isinstance(from_triton(refused.value), NotAdmitted)
    # What perf_analyzer needs is open.
    assert stranger.is_server_ready()
    assert stranger.get_model_metadata("asr").name == "asr"
    assert stranger.get_model_config("asr").config.name == "asr"
    assert stranger.get_inference_statistics("asr").model_stats


def test_an_adapter_with_another_secret_says_what_is_missing(tiny):
    stranger = tiny.model_copy(update={"triton_secret": SecretStr("of-another-machine")})

    async def use(engine: Engine) -> None:
        with pytest.raises(NotAdmitted, match="set TRITON_SECRET here and there to the same"):
            await engine.missing()
        with pytest.raises(Unreachable, match="/health says"):
            await ask(engine)

    run(stranger, use)


def test_a_step_that_is_loaded_anew_goes_on_counting(tiny):
    """Its new process is there before the old one has gone, and both tell the same metrics."""
    url = f"http://127.0.0.1:{tiny.triton_metrics_port}/metrics"

    def answered() -> float:
        told = {"step": "transcription", "outcome": "answered"}
        return Page.at(url).total("asr_step_requests_total", **told)

    def processes() -> set[int]:
        return set(live_instances(find(tiny.triton_grpc_port))["transcription"].values())

    before = answered()
    run(tiny, ask)
    until(lambda: answered() == before + 1)
    old = processes()
    client(tiny).unload_model("transcription")  # which has ended some time later
    client(tiny).load_model("transcription")
    assert wait_until_gone(old) == set()
    run(tiny, ask)
    until(lambda: answered() == before + 2)
