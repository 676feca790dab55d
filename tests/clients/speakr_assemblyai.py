"""Speakr's connector for AssemblyAI: the requests that it makes and what it reads, nothing else."""

import time
from dataclasses import dataclass
from pathlib import Path

import httpx

SECONDS = 60.0  # for one answer
POLL_SECONDS = 0.2  # Speakr waits for 3


@dataclass(frozen=True)
class Line:
    """What Speakr keeps of an utterance; times in seconds."""

    speaker: str
    text: str
    start: float
    end: float


class SpeakrAssemblyAI:
    """The connector, as TRANSCRIPTION_BASE_URL and TRANSCRIPTION_API_KEY set it up."""

    def __init__(self, url: str, key: str) -> None:
        self._client = httpx.Client(base_url=url, headers={"authorization": key}, timeout=SECONDS)

    def transcribe(
        self,
        path: Path,
        language: str | None = None,
        diarize: bool = True,
        min_speakers: int | None = None,
        max_speakers: int | None = None,
        hotwords: str | None = None,
        models: tuple[str, ...] = (),
    ) -> tuple[list[Line], dict]:
        """Leave a recording, wait for its end, and read it.

        Returns:
            The lines, and the whole answer.
        """
        with self._client as client:
            sent = client.post(
                "/v2/upload",
                content=path.read_bytes(),
                headers={"content-type": "application/octet-stream"},
            )
            assert sent.status_code == 200, sent.text
            asked: dict[str, object] = {
                "audio_url": sent.json()["upload_url"],
                "punctuate": True,
                "format_text": True,
            }
            if language:
                asked["language_code"] = language
            else:
                asked["language_detection"] = True
            if diarize:
                asked["speaker_labels"] = True
                if min_speakers and min_speakers == max_speakers:
                    asked["speakers_expected"] = min_speakers
                elif min_speakers or max_speakers:
                    bounds = {
                        "min_speakers_expected": min_speakers,
                        "max_speakers_expected": max_speakers,
                    }
                    asked["speaker_options"] = {k: v for k, v in bounds.items() if v}
            if hotwords:
                asked["word_boost"] = [word.strip() for word in hotwords.split(",")]
                asked["boost_param"] = "default"
            if models:
                asked["speech_models"] = list(models)
            created = client.post("/v2/transcript", json=asked)
            assert created.status_code in (200, 201), created.text
            job = created.json()["id"]
            while True:
                answer = client.get(f"/v2/transcript/{job}")
                assert answer.status_code == 200, answer.text
                data = answer.json()
                if data["status"] == "completed":
                    return self._lines(data), data
                assert data["status"] != "error", data["error"]
                time.sleep(POLL_SECONDS)

    @staticmethod
    def _lines(data: dict) -> list[Line]:
        return [
            Line(
                utterance.get("speaker") or "Unknown",
                (utterance.get("text") or "").strip(),
                round(utterance["start"] / 1000, 3),
                round(utterance["end"] / 1000, 3),
            )
            for utterance in data.get("utterances") or []
        ]
