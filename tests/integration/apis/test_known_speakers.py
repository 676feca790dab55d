"""People whose voices a request brings: the same names, piece after piece and over both APIs."""

import base64
import subprocess
from pathlib import Path

import httpx
import numpy as np
import openai
import pytest

from adapter.intake.decoding import find_ffmpeg
from pipeline.audio import SAMPLE_RATE
from tests.clients import connectors, request_log
from tests.speech.media import write_wav

# Where in the sample each of them speaks alone, in seconds.
DIANE, SHEILA = (18.6, 21.6), (22.0, 27.0)


@pytest.fixture(scope="module")
def client(service):
    with openai.OpenAI(
        base_url=f"{service.base_url}/v1", api_key="any", max_retries=0, timeout=300
    ) as client:
        yield client


@pytest.fixture(scope="module")
def cut(sample_audio, tmp_path_factory):
    """A stretch of the sample as a file of this kind."""
    folder = tmp_path_factory.mktemp("pieces")

    def cut(start: float, end: float, kind: str = "wav") -> Path:
        wav = folder / f"{start}-{end}.wav"
        samples = sample_audio[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
        write_wav(wav, samples, SAMPLE_RATE)
        path = wav.with_suffix(f".{kind}")
        if path != wav:  # as Speakr cuts its clips
            command = [find_ffmpeg(None), "-v", "error", "-y", "-i", wav, "-b:a", "128k", path]
            subprocess.run(command, check=True)
        return path

    return cut


def data_url(path: Path) -> str:
    kind = {".mp3": "audio/mpeg", ".wav": "audio/wav"}[path.suffix]
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def said(words: str, lines: list[connectors.Line]) -> str:
    (speaker,) = {line.speaker for line in lines if words in line.text}
    return speaker


def test_the_second_piece_has_the_first_one_s_names(client, cut):
    """Speakr's connector sends back the labels of the first piece, with clips that it cut."""
    second = cut(5.0, 18.0, "mp3")
    # Without the clips, A would be who speaks first.
    known = {"A": data_url(cut(*DIANE, "mp3")), "B": data_url(cut(*SHEILA, "mp3"))}
    lines = connectors.openai_transcribe(client, second, known)
    assert {line.speaker for line in lines} == {"A", "B"}
    assert said("know you were there", lines) == "A"


def test_who_is_not_recognised_has_the_next_letter_that_nobody_was_given(client, cut):
    known = {"B": data_url(cut(*DIANE)), "unknown": data_url(cut(0, 2.5))}
    lines = connectors.openai_transcribe(client, cut(5.0, 18.0, "mp3"), known)
    assert said("know you were there", lines) == "B"
    assert {line.speaker for line in lines} == {"A", "B"}


def test_a_person_has_a_name_over_asr_too(service, cut):
    answer = httpx.post(
        f"{service.base_url}/asr",
        params={"return_speaker_embeddings": "true"},
        data={"speaker_name": ["Diane"]},
        files=[
            ("audio_file", cut(5.0, 18.0).read_bytes()),
            ("speaker_audio", ("diane.mp3", cut(*DIANE, "mp3").read_bytes())),
        ],
        headers={"X-Request-ID": "a-person"},
        timeout=300,
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    transcript = answer.json()
    speakers = {word["speaker"] for word in transcript["word_segments"]}
    assert speakers == transcript["speaker_embeddings"].keys() == {"Diane", "SPEAKER_00"}
    (there,) = (s for s in transcript["segments"] if "know you were there" in s["text"])
    assert there["speaker"] == "Diane"
    line = request_log.told(service.log, "a-person")
    assert float(line["voices"]) > 0
    seconds = pytest.approx(float(line["seconds"]), rel=0.05, abs=0.05)
    assert request_log.explained(line) == seconds


@pytest.mark.parametrize(
    ("names", "clips", "words"),
    [
        (["Ann"], [], "known_speaker_names[]: there are 1 names, and 0 clips"),
        (["Ann"], ["https://example.com/ann.wav"], "known_speaker_references[]: .* no data URL"),
        (["Ann"], ["data:audio/wav;base64,UklGRg=="], "known_speaker_references[]: .*decoded"),
        (["Ann"], [0.3], "known_speaker_references[]: .* is shorter than 0.5 seconds"),
        (["Ann"], [61.0], "known_speaker_references[]: .* is longer than 60 seconds"),
        (["Ann", "Ann"], [1.0, 1.0], "known_speaker_names[]: 'Ann' is there twice"),
    ],
)
def test_clips_that_cannot_be_used_are_named(client, clip, tmp_path, names, clips, words):
    urls = []
    for length in clips:
        if isinstance(length, float):
            silence = np.zeros(int(length * SAMPLE_RATE), np.int16)
            write_wav(tmp_path / "clip.wav", silence, SAMPLE_RATE)
            length = data_url(tmp_path / "clip.wav")
        urls.append(length)
    with pytest.raises(openai.BadRequestError, match=words.replace("[]", r"\[\]")) as refused:
        client.audio.transcriptions.create(
            file=clip,
            model="gpt-4o-transcribe-diarize",
            response_format="diarized_json",
            extra_body={"known_speaker_names": names, "known_speaker_references": urls},
        )
    assert refused.value.param == words.partition(":")[0]
