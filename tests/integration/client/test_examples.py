"""The examples of docs/client.md do what the page says, one after the other."""

import re
import shutil
from pathlib import Path

import pytest

from documents import Transcript

PAGE = Path(__file__).parents[3] / "docs" / "client.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def place(service, phrase, tmp_path, monkeypatch):
    """A folder with the recording, and where the service of the examples really is."""
    shutil.copy(phrase, tmp_path / "call.wav")
    monkeypatch.chdir(tmp_path)
    return {"http://localhost:9000": service.base_url, "localhost:8001": service.triton_grpc}


def text_of(transcript: Transcript) -> str:
    return " ".join(segment.text.strip() for segment in transcript.segments)


def test_every_example_runs(place, capsys):
    examples = EXAMPLE.findall(PAGE.read_text(encoding="utf-8"))
    assert len(examples) == 7
    told = []
    known: dict = {}
    for example in examples:
        for written, real in place.items():
            example = example.replace(written, real)
        exec(compile(example, str(PAGE), "exec"), known)
        told.append(capsys.readouterr().out)
    said = "This is Diane in New Jersey."
    waited, _, followed, heard, _, refused, _ = told
    assert f"SPEAKER_00: {said}" in waited
    assert "None" in followed.splitlines()[-1]
    assert heard == said
    assert refused.startswith("language: unknown language 'klingon'; there are af, am, ar,")
    assert said in " ".join(known["subtitles"].split())
    assert text_of(known["texts"]) == text_of(known["transcript"]) == said
    assert known["default_model"] == "base"
