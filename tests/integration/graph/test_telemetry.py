"""What the real service tells of a request agrees with itself and with the clock."""

import time

import httpx
import numpy as np
import pytest

from pipeline.audio import SAMPLE_RATE
from tests.clients.request_log import STAGES, explained, lines_of, stages, told
from tests.speech.media import write_wav
from tests.waiting import until


def ask(service, path, number: str, **query: str) -> tuple[float, httpx.Response]:
    """Send a recording; the seconds that it took by this side's clock, and the answer."""
    begun = time.monotonic()
    answer = httpx.post(
        f"{service.base_url}/asr",
        params=query,
        files={"audio_file": ("secret-name.wav", path.read_bytes())},
        headers={"X-Request-ID": number},
        timeout=600,
    )
    return time.monotonic() - begun, answer


@pytest.mark.parametrize("query", [{}, {"diarize": "false"}], ids=["whole graph", "words only"])
def test_the_stages_explain_the_time_of_a_request(service, clip, query):
    number = f"explained-{len(query)}"
    seconds, answer = ask(service, clip, number, **query)
    assert answer.status_code == 200
    assert answer.headers["x-request-id"] == number
    line = told(service.log, number)
    left_out = {"voices"} | ({"diarization", "attribution"} if query else set())
    assert {*STAGES} - stages(line).keys() == left_out
    total = float(line["seconds"])
    assert explained(line) == pytest.approx(total, rel=0.05, abs=0.05)
    assert total == pytest.approx(seconds, rel=0.05, abs=0.25)
    expected = {"outcome": "answered", "model": "base", "language": "en", "audio_seconds": "12.000"}
    assert line.items() >= expected.items()
    assert line["speakers"] == ("0" if query else "2")
    assert 8 < float(line["speech_seconds"]) <= 12
    assert "secret" not in str(line)


def test_the_models_logs_name_the_request(service, sample_audio, tmp_path):
    # One of which nothing is kept: diarization must not be through when Whisper refuses.
    recording = tmp_path / "secret-name.wav"
    write_wav(recording, np.roll(np.tile(sample_audio, 4), 12345), SAMPLE_RATE)
    _, answer = ask(service, recording, "in-the-models", model="tiny.en", language="de")
    assert answer.status_code == 400

    def lines_of_steps() -> dict[str, str]:
        whole = lines_of(service.triton_log, "in-the-models")
        return {line.split(" [")[0].split()[-1]: line for line in whole if " request " in line}

    # The one that had nothing to do with it is told to stop.
    until(lambda: lines_of_steps().keys() == {"transcription", "diarization"})
    steps = lines_of_steps()
    assert "outcome=refused" in steps["transcription"]
    assert "outcome=cancelled" in steps["diarization"]
