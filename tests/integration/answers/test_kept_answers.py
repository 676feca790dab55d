"""What was computed stays computed: a service of its own, which keeps answers."""

import asyncio
import re
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
import tritonclient.grpc as triton

from documents import Transcript
from pipeline.audio import SAMPLE_RATE
from pipeline.diarization.windows import window_starts
from pipeline.kept_answers.question import FILE
from pipeline.transcription.chunking import LONGEST_SPEECH, chunks
from pipeline.transcription.voice_activity import VoiceActivityDetector
from tests.clients.asking import transcript_of, transcript_of_samples
from tests.clients.metrics import Page
from tests.integration.conftest import (
    RunningService,
    start_service,
    stop_service,
    wait_until_ready,
)
from tests.speech.media import write_wav
from tests.waiting import until

LEAVES = ("whisper", "segmentation", "speaker_embedding")
Pieces = dict[str, int]
LOUD = (1, 0.85, 0.7, 0.55)
TEXT_ONLY = {"diarize": "false", "word_timestamps": "false"}


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("kept") / "answers"


@pytest.fixture(scope="module")
def keeping(tmp_path_factory, answers) -> Iterator[RunningService]:
    """It takes one chunk at a time, so that a recording can be left between two of a few."""
    running = start_service(
        tmp_path_factory.mktemp("keeping"),
        KEEP_ANSWERS_SECONDS="3600",
        KEEP_ANSWERS_DIR=str(answers),
        BATCH_SIZE="1",
    )
    try:
        wait_until_ready(running)
        yield running
    finally:
        stop_service(running)


@pytest.fixture
def pieces(keeping) -> Callable[[], Pieces]:
    """How many pieces each network has computed since the test began."""
    client = triton.InferenceServerClient(keeping.triton_grpc)

    def read() -> Pieces:
        answered = {
            leaf: client.get_inference_statistics(leaf).model_stats[0].inference_count
            for leaf in LEAVES
        }
        # Those that nobody waited for any more are answered, too.
        page = Page.at(keeping.metrics_url)
        return {
            leaf: count - round(page.total("asr_leaf_dropped_pieces_total", leaf=leaf))
            for leaf, count in answered.items()
        }

    before = read()
    return lambda: {leaf: count - before[leaf] for leaf, count in read().items()}


def text_of(transcript: dict) -> str:
    return " ".join(segment["text"] for segment in transcript["segments"])


def test_what_was_left_at_80_percent_is_not_computed_again(keeping, sample_audio, tmp_path, pieces):
    # No piece of it is like another: each half minute is quieter than the one before.
    audio = np.concatenate([(sample_audio * loud).astype(np.int16) for loud in LOUD])
    path = tmp_path / "long.wav"
    write_wav(path, audio, SAMPLE_RATE)
    spans = VoiceActivityDetector().spans(audio, LONGEST_SPEECH)
    whole = {
        "whisper": len(list(chunks(spans, len(audio)))),
        "segmentation": len(window_starts(len(audio))),
    }

    def heard_again() -> float:
        return Page.at(keeping.metrics_url).total("asr_gaps_total")

    before = heard_again()

    def missing() -> dict[str, float]:
        again = {"whisper": heard_again() - before}  # parts of turns, once all is known
        computed = pieces()
        return {leaf: n + again.get(leaf, 0) - computed[leaf] for leaf, n in whole.items()}

    async def hang_up() -> None:
        async with httpx.AsyncClient(timeout=None) as client:
            files = {"audio_file": ("long.wav", path.read_bytes())}
            post = asyncio.create_task(client.post(f"{keeping.base_url}/asr", files=files))
            while any(pieces()[leaf] < 0.8 * count - 1 for leaf, count in whole.items()):
                assert not post.done()
                await asyncio.sleep(0.02)
            post.cancel()

    asyncio.run(hang_up())
    left = pieces()  # what is under way just now, the second try takes over
    transcript = transcript_of(keeping, path)
    # Each piece is computed once; which were dropped is told a moment later.
    until(lambda: not any(missing().values()))
    for leaf, count in whole.items():
        assert count - left[leaf] < 0.3 * count
    assert text_of(transcript).count("Sheila") == len(LOUD)
    assert {segment["speaker"] for segment in transcript["segments"]} == {
        "SPEAKER_00",
        "SPEAKER_01",
    }
    done = pieces()
    assert transcript_of(keeping, path)["segments"] == transcript["segments"]
    assert pieces() == done


@pytest.mark.parametrize("how", ["query", "form", "header"])
def test_who_wants_no_reuse_neither_reads_nor_writes(keeping, clip, pieces, tmp_path, how):
    asked = {
        "query": {"params": {**TEXT_ONLY, "reuse": "false"}},
        "form": {"params": TEXT_ONLY, "data": {"reuse": "false"}},
        "header": {"params": TEXT_ONLY, "headers": {"Cache-Control": "no-store, max-age=0"}},
    }[how]

    def post(computed: bool, **asked: object) -> None:
        before = pieces()["whisper"]
        files = {"audio_file": ("clip.wav", clip.read_bytes())}
        answer = httpx.post(f"{keeping.base_url}/asr", files=files, timeout=300, **asked)
        assert "Diane" in answer.text
        if computed:
            until(lambda: pieces()["whisper"] > before)  # Triton counts after it has answered
        else:
            assert pieces()["whisper"] == before

    # One more word to expect, so that each of the three begins with nothing.
    asked["params"] = {**asked["params"], "hotwords": how}
    post(True, **asked)
    normal = {"params": {**TEXT_ONLY, "hotwords": how}}
    post(True, **normal)  # nothing was kept
    post(False, **normal)
    post(True, **asked)  # what is kept was not read


def test_a_client_of_triton_says_so_by_a_parameter(keeping, sample_audio, pieces):
    client = triton.InferenceServerClient(keeping.triton_grpc)
    samples = np.ascontiguousarray(sample_audio[None, 9 * SAMPLE_RATE : 13 * SAMPLE_RATE])
    audio = triton.InferInput("AUDIO", samples.shape, "INT16")
    audio.set_data_from_numpy(samples)

    def ask(computed: bool, **parameters: bool) -> None:
        before = pieces()["whisper"]
        wanted = [triton.InferRequestedOutput("SEGMENTS")]
        answer = client.infer("asr", [audio], outputs=wanted, parameters=parameters)
        heard = Transcript.decode(answer.as_numpy("SEGMENTS").tobytes())
        assert re.search("there|know|beep", heard.segments[0].text)  # as processors differ
        if computed:
            until(lambda: pieces()["whisper"] > before)
        else:
            assert pieces()["whisper"] == before

    ask(True, reuse=False)
    ask(True)  # nothing was kept
    ask(False)
    ask(True, reuse=False)


def test_options_that_matter_tell_answers_apart_and_others_do_not(
    keeping, sample_audio, tmp_path, pieces
):
    audio = sample_audio[8 * SAMPLE_RATE : 14 * SAMPLE_RATE]
    transcript_of_samples(keeping, tmp_path, audio, **TEXT_ONLY)
    until(lambda: pieces()["whisper"])  # Triton counts after it has answered
    once = pieces()["whisper"]
    before = Page.at(keeping.metrics_url)
    transcript_of_samples(keeping, tmp_path, audio, **TEXT_ONLY, num_speakers="2")

    def counted() -> list[float]:
        page = Page.at(keeping.metrics_url)
        told = {"step": "transcription"}
        return [
            page.total("asr_kept_answers_total", outcome=outcome, **told)
            - before.total("asr_kept_answers_total", outcome=outcome, **told)
            for outcome in ("found", "asked")
        ]

    until(lambda: counted() == [1, 0])
    assert pieces()["whisper"] == once
    transcript_of_samples(keeping, tmp_path, audio, **TEXT_ONLY, beam_size="1")
    until(lambda: pieces()["whisper"] > once)


def test_a_recording_that_is_in_flight_is_joined(keeping, sample_audio, tmp_path, pieces):
    audio = (sample_audio[: 20 * SAMPLE_RATE] * 0.9).astype(np.int16)
    write_wav(tmp_path / "same.wav", audio, SAMPLE_RATE)
    with ThreadPoolExecutor(3) as clients:
        posts = [clients.submit(transcript_of, keeping, tmp_path / "same.wav") for _ in range(3)]
        answers = [post.result() for post in posts]
    assert "Sheila" in text_of(answers[0])
    assert answers[1]["segments"] == answers[2]["segments"] == answers[0]["segments"]
    windows = len(window_starts(len(audio)))
    until(lambda: pieces()["segmentation"] >= windows)
    assert pieces()["segmentation"] == windows


def test_only_their_owner_may_read_them(keeping, answers):
    assert stat.S_IMODE(answers.stat().st_mode) == 0o700
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in answers.iterdir()}
    assert FILE in files
    assert set(files.values()) == {0o600}
