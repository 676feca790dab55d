"""People with a track or channel of their own, who hear each other a little, over both APIs."""

import subprocess
import time
from pathlib import Path

import httpx
import numpy as np
import pytest

from adapter.intake.decoding import find_ffmpeg
from pipeline.audio import SAMPLE_RATE
from tests.clients import request_log
from tests.clients.asking import transcript_of
from tests.speech.media import write_wav
from tests.speech.scoring import read_stm, word_error_rate

BLEED = 0.12  # of the other one's amplitude: -18 dB
DELAY = 160  # samples that a voice takes to the other microphone: 10 ms, 3.4 m
NAMES = ("Diane", "Sheila")  # in the order of the channels
START, END = 6, 20.2  # seconds of the sample, between two sentences


@pytest.fixture(scope="module")
def utterances(sample):
    """What each of them says in the sample, and when."""
    return [each for each in read_stm(sample.with_suffix(".stm")) if each.end < END]


@pytest.fixture(scope="module")
def microphones(sample_audio, utterances) -> dict[str, np.ndarray]:
    """What each of them says alone, and faintly what the other one does."""
    alone = {}
    for speaker in NAMES:
        own = np.zeros(len(sample_audio), np.float32)
        for each in utterances:
            if each.speaker == speaker:
                stretch = slice(int(each.start * SAMPLE_RATE), int(each.end * SAMPLE_RATE))
                own[stretch] = sample_audio[stretch]
        alone[speaker] = own
    heard = {}
    for speaker, (other,) in zip(NAMES, (set(NAMES) - {each} for each in NAMES), strict=True):
        bleed = np.roll(alone[other], DELAY) * BLEED
        room = np.random.default_rng(7).normal(0, 10, len(bleed))
        heard[speaker] = (alone[speaker] + bleed + room).clip(-32768, 32767).astype(np.int16)
    return heard


@pytest.fixture(scope="module")
def stereo(microphones, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("stereo") / "call.wav"
    stretch = slice(START * SAMPLE_RATE, int(END * SAMPLE_RATE))
    write_wav(path, np.stack(list(microphones.values()), axis=1)[stretch], SAMPLE_RATE)
    return path


def said_by(utterances, speaker: str) -> str:
    return " ".join(each.text for each in utterances if each.speaker == speaker)


def test_each_channel_is_a_speaker_whose_words_are_there_once(service, stereo, utterances):
    transcript = transcript_of(
        service, stereo, channels="split", language="en", return_speaker_embeddings="true"
    )
    segments = transcript["segments"]
    assert [s["start"] for s in segments] == sorted(s["start"] for s in segments)
    assert transcript["duration"] == pytest.approx(END - START, abs=0.1)
    for number, speaker in enumerate(NAMES):
        words = [s["text"] for s in segments if s["speaker"] == f"SPEAKER_0{number}"]
        assert word_error_rate(said_by(utterances, speaker), " ".join(words)) <= 0.35
    count = len(transcript["word_segments"])
    said = sum(len(each.text.split()) for each in utterances)
    assert count <= 1.1 * said


def test_the_channels_of_a_job_are_its_speakers(service, stereo):
    """Over AssemblyAI's API, whose channels count from 1."""
    with httpx.Client(base_url=f"{service.base_url}/v2", timeout=60) as client:
        url = client.post("/upload", content=stereo.read_bytes()).json()["upload_url"]
        asked = {"audio_url": url, "multichannel": True, "language_code": "en"}
        job = client.post("/transcript", json=asked).json()["id"]
        while True:
            told = client.get(f"/transcript/{job}").json()
            if told["status"] in ("completed", "error"):
                break
            time.sleep(0.5)
        client.delete(f"/transcript/{job}")
    assert told["status"] == "completed", told
    assert {each["speaker"] for each in told["utterances"]} == {"1", "2"}
    assert all(each["channel"] == each["speaker"] for each in told["words"])
    (there,) = (each for each in told["utterances"] if "know you were there" in each["text"])
    assert there["channel"] == "1"
    line = request_log.told(service.log, job)
    seconds = pytest.approx(float(line["seconds"]), rel=0.05, abs=0.05)
    assert request_log.explained(line) == seconds


def test_each_track_is_a_speaker_of_its_title(service, microphones, tmp_path):
    """Over OpenAI's API, whose diarized_json then diarizes nothing."""
    inputs, titles = [], []
    for number, name in enumerate(NAMES):
        write_wav(tmp_path / f"{name}.wav", microphones[name][: 15 * SAMPLE_RATE], SAMPLE_RATE)
        inputs += ["-i", tmp_path / f"{name}.wav"]
        titles += ["-map", f"{number}:a", f"-metadata:s:a:{number}", f"title={name}"]
    meeting = tmp_path / "meeting.mka"
    subprocess.run([find_ffmpeg(None), "-v", "error", *inputs, *titles, meeting], check=True)
    answer = httpx.post(
        f"{service.base_url}/v1/audio/transcriptions",
        files={"file": meeting.read_bytes()},
        data={"tracks": "split", "response_format": "diarized_json", "language": "en"},
        timeout=300,
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    lines = answer.json()["segments"]
    assert {line["speaker"] for line in lines} == {"Diane", "Sheila"}
    (there,) = (line for line in lines if "know you were there" in line["text"])
    assert there["speaker"] == "Diane"


def test_two_channels_of_one_microphone_are_diarized_as_ever(service, sample_audio, tmp_path):
    one = sample_audio[5 * SAMPLE_RATE : 18 * SAMPLE_RATE]
    write_wav(tmp_path / "one.wav", np.stack([one, one], axis=1), SAMPLE_RATE)
    transcript = transcript_of(service, tmp_path / "one.wav", channels="split", num_speakers="2")
    assert {s["speaker"] for s in transcript["segments"]} == {"SPEAKER_00", "SPEAKER_01"}
    assert sum("know you were there" in s["text"] for s in transcript["segments"]) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"tracks": "second"}, "tracks"),
        ({"channels": "left"}, "channels"),
        ({"tracks": "mix", "channels": "split"}, "channels"),
    ],
)
def test_a_choice_that_cannot_be_had_is_named_by_both_apis(service, clip, fields, field):
    files = {"file": clip.read_bytes()}
    answer = httpx.post(f"{service.base_url}/asr", files=files, data=fields)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["detail"].startswith(f"{field}: ")
    url = f"{service.base_url}/v1/audio/transcriptions"
    answer = httpx.post(url, files=files, data=fields)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["error"]["param"] == field
