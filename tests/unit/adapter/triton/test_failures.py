"""What Triton's answers mean; the texts are Triton 2.51's own."""

import pytest
from tritonclient.utils import InferenceServerException

from adapter.triton.failures import NotReady, ProcessDied, Unreachable, from_triton
from pipeline.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    ModelLoading,
    Overloaded,
    PipelineError,
    WeightsNotFound,
    WeightsUnavailable,
)

INTERNAL = "StatusCode.INTERNAL"


@pytest.mark.parametrize(
    ("text", "status", "kind"),
    [
        ("in ensemble 'asr', InvalidRequest: unknown model 'x'", INTERNAL, InvalidRequest),
        ("in ensemble 'asr', WeightsUnavailable: whisper: x", INTERNAL, WeightsUnavailable),
        ("in ensemble 'asr', WeightsNotFound: whisper: x", INTERNAL, WeightsNotFound),
        ("ModelLoading: the network 'x' is", "StatusCode.UNAVAILABLE", ModelLoading),
        ("in ensemble 'asr', Cancelled: gone", "StatusCode.CANCELLED", Cancelled),
        ("in ensemble 'asr', DeadlineExceeded: passed", "StatusCode.CANCELLED", DeadlineExceeded),
        ("Deadline Exceeded", "StatusCode.DEADLINE_EXCEEDED", DeadlineExceeded),
        ("[request id: 1] Exceeds maximum queue size", "StatusCode.UNAVAILABLE", Overloaded),
        ("in ensemble 'asr', Overloaded: too many chunks", INTERNAL, Overloaded),
        (
            "in ensemble 'asr', Failed to increase the shared memory pool size for key "
            "'triton_python_backend_shm_region_1' to 67108864 bytes.",
            INTERNAL,
            Overloaded,
        ),
        ("failed to connect to all addresses", "StatusCode.UNAVAILABLE", Unreachable),
        (
            "Request for unknown model: 'asr' has no available versions",
            "StatusCode.NOT_FOUND",
            NotReady,
        ),
        ("in ensemble 'asr', PipelineError: whisper: Model 'whisper' is not ready.", "", NotReady),
        ("in ensemble 'asr', Stub process 'whisper_0_0' is not healthy.", INTERNAL, ProcessDied),
        ("in ensemble 'asr', KeyError: 'no tensor AUDIO'", INTERNAL, PipelineError),
    ],
)
def test_kinds(text, status, kind):
    assert type(from_triton(InferenceServerException(text, status))) is kind


def test_the_dead_models_name_is_without_its_instances():
    text = "in ensemble 'asr', Stub process 'speaker_embedding_0_1' is not healthy."
    assert from_triton(InferenceServerException(text, INTERNAL)).model == "speaker_embedding"


def test_what_is_told_is_the_models_own_words_or_says_which_is_not_loaded():
    for text, told in (
        ("in ensemble 'asr', Overloaded: too many\nchunks", "too many\nchunks"),
        ("in ensemble 'asr', PipelineError: Model 'whisper' is not ready.", "the model whisper is"),
        ("Stub process 'whisper_0_0' is not healthy.", "the process of the model whisper has died"),
    ):
        assert str(from_triton(InferenceServerException(text, INTERNAL))).startswith(told)


def test_a_clients_words_do_not_pass_for_tritons():
    text = "in ensemble 'asr', InvalidRequest: no model \"Stub process 'x_0_0' is not healthy\""
    assert type(from_triton(InferenceServerException(text, INTERNAL))) is InvalidRequest


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "cannot write to /srv/my/cache (full); set CACHE_DIR",
            "cannot write to …/cache (full); set",
        ),
        ("in model '/srv/a-b/.cache/x/model.bin'", "in model '…/model.bin'"),
        ("/dev/shm is too small", "/dev/shm is too small"),
        ("downloading me/whisper failed: no", "downloading me/whisper failed: no"),
        ("for url: https://huggingface.co/api/models/x", "for url: https://huggingface.co/api/mod"),
        ("give true/false, 1 / 2 or a/b/c", "give true/false, 1 / 2 or a/b/c"),
    ],
)
def test_no_folders_of_its_machine_are_told_but_logged(text, told, caplog):
    error = InferenceServerException(f"WeightsUnavailable: {text}", INTERNAL)
    assert str(from_triton(error)).startswith(told)
    assert (text in caplog.text) is (told not in text)
