"""Clients of every kind: honest ones, some who hang up, some who ask for what there is not.

Honest ones ask /asr, OpenAI's route for text or a stream of it, or leave a job and come back.
"""

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

import httpx

from benchmarks.soak.recordings import LENGTHS, Sent
from tests.speech.scoring import word_error_rate

ANSWER_SECONDS = 1500
PATIENCE_SECONDS = 300  # of being turned away, in which a client tries again: something has died
TURNED_AWAY_SECONDS = 30  # a longer attempt was worked on until something died: patience is new
PAUSE_SECONDS = 1.0
# Of the words: what an encoder does to 12 s of a telephone line changes up to 17 %, each time the
# same ones; of another recording all are different.
MOST_DIFFERENT = 0.25
HANGS_UP, IS_REFUSED = 0.15, 0.15
STREAMS, SAYS_OPENAI, LEAVES_A_JOB = 0.1, 0.2, 0.2  # of the others; the rest asks /asr
REFUSED = (
    ({}, b"minutes of a meeting, called a recording", 400),
    ({"language": "xx"}, None, 400),
    ({"model": "nobody/has-this"}, None, 400),
    ({"min_speakers": "many"}, None, 400),
)


class Clients:
    """So many threads, until they are stopped; what came of their requests is counted."""

    def __init__(
        self,
        url: str,
        recordings: Sequence[Sent],
        expected: dict[int, str],
        count: int,
        seed: int,
    ) -> None:
        """Args:
        expected: what the recordings of each length say.
        """
        self.url = url
        self.outcomes: Counter[str] = Counter()
        self.wrong: list[str] = []  # what was not as it should be, in words
        self.audio_seconds = 0.0
        self._recordings = recordings
        self._expected = expected
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, args=(random.Random(f"{seed} {number}"),))
            for number in range(count)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End when everybody has the answer to the last request."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, chance: random.Random) -> None:
        while not self._over.is_set():
            weights = [LENGTHS[each.seconds] for each in self._recordings]
            (recording,) = chance.choices(self._recordings, weights)
            kind = chance.random()
            if kind < HANGS_UP:
                self._hang_up(recording, chance.uniform(0.05, 6))
            elif kind < HANGS_UP + IS_REFUSED:
                self._be_refused(recording, *chance.choice(REFUSED))
            else:
                self._be_answered(recording, chance.random())

    def _count(self, what: str) -> None:
        with self._lock:
            self.outcomes[what] += 1

    def _hang_up(self, recording: Sent, seconds: float) -> None:
        try:
            httpx.post(f"{self.url}/asr", files=_file(recording), timeout=seconds)
            self._count("answered before hanging up")
        except httpx.HTTPError:
            self._count("hung up")

    def _be_refused(
        self, recording: Sent, query: dict[str, str], content: bytes | None, status: int
    ) -> None:
        files = _file(recording) if content is None else {"audio_file": ("a.mp3", content)}
        answer = self._until_answered(
            lambda: httpx.post(f"{self.url}/asr", params=query, files=files, timeout=120)
        )
        if answer is None or answer.status_code != status:
            self._wrong(f"{query or 'no recording'} was not refused: {_told(answer)}")
        else:
            self._count("refused")

    def _be_answered(self, recording: Sent, kind: float) -> None:
        if kind < STREAMS + SAYS_OPENAI:
            text = self._ask(recording, f"{self.url}/v1/audio/transcriptions", kind < STREAMS)
        elif kind < STREAMS + SAYS_OPENAI + LEAVES_A_JOB:
            text = self._leave(recording)
        else:
            text = self._ask(recording, f"{self.url}/asr")
        if text is None:
            return
        error = word_error_rate(self._expected[recording.seconds], text)
        if error > MOST_DIFFERENT:
            self._wrong(f"{recording.name} came as other words ({error:.0%}): {text[:200]!r}")
            return
        self._count("answered")
        with self._lock:
            self.audio_seconds += recording.seconds

    def _ask(self, recording: Sent, url: str, stream: bool = False) -> str | None:
        def post() -> httpx.Response:
            if url.endswith("/asr"):
                return httpx.post(url, files=_file(recording), timeout=ANSWER_SECONDS)
            data = {"model": "whisper-1", "response_format": "json", "stream": str(stream).lower()}
            files = {"file": (recording.name, recording.content)}
            return httpx.post(url, data=data, files=files, timeout=ANSWER_SECONDS)

        answer = self._until_answered(post)
        if answer is None or answer.status_code != httpx.codes.OK:
            self._wrong(f"{recording.name} was not answered: {_told(answer)}")
            return None
        if stream:
            return _streamed(answer.text)
        said = answer.json()
        if url.endswith("/asr"):
            return " ".join(segment["text"] for segment in said["segments"])
        return said["text"]

    def _leave(self, recording: Sent) -> str | None:
        """Leave a job, ask for it until it has ended, and take it away."""
        jobs = f"{self.url}/v2/transcript"
        left = self._until_answered(
            lambda: httpx.post(f"{self.url}/v2/upload", content=recording.content, timeout=120)
        )
        if left is not None and left.status_code == httpx.codes.OK:
            asked = {"audio_url": left.json()["upload_url"], "speaker_labels": True}
            left = self._until_answered(lambda: httpx.post(jobs, json=asked, timeout=120))
        if left is None or left.status_code != httpx.codes.OK:
            self._wrong(f"{recording.name} could not be left: {_told(left)}")
            return None
        job = f"{jobs}/{left.json()['id']}"
        end = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < end:
            answer = self._until_answered(lambda: httpx.get(job, timeout=120))
            if answer is None or answer.status_code != httpx.codes.OK:
                break
            if answer.json()["status"] in ("completed", "error"):
                break
            time.sleep(PAUSE_SECONDS)
        self._until_answered(lambda: httpx.delete(job, timeout=120))
        if answer is None or answer.status_code != httpx.codes.OK or not answer.json().get("text"):
            self._wrong(f"the job of {recording.name} has no text: {_told(answer)}")
            return None
        self._count("jobs")
        return answer.json()["text"]

    def _until_answered(self, post: Callable[[], httpx.Response]) -> httpx.Response | None:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            begun = time.monotonic()
            try:
                answer = post()
            except httpx.HTTPError:  # the adapter has died
                answer = None
            if answer is not None and answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                return answer
            self._count("asked again")
            if time.monotonic() - begun > TURNED_AWAY_SECONDS:
                end = time.monotonic() + PATIENCE_SECONDS
            elif time.monotonic() > end:
                return answer
            time.sleep(PAUSE_SECONDS)

    def _wrong(self, what: str) -> None:
        with self._lock:
            self.outcomes["wrong"] += 1
            self.wrong.append(what)


def listen(url: str, recordings: Sequence[Sent]) -> dict[int, str]:
    """What the recordings of each length say, while nobody else asks and nothing dies."""
    first = {recording.seconds: recording for recording in reversed(recordings)}
    texts = {}
    for seconds, recording in first.items():
        answer = httpx.post(f"{url}/asr", files=_file(recording), timeout=ANSWER_SECONDS)
        texts[seconds] = " ".join(segment["text"] for segment in answer.json()["segments"])
    return texts


def _file(recording: Sent) -> dict[str, tuple[str, bytes]]:
    return {"audio_file": (recording.name, recording.content)}


def _told(answer: httpx.Response | None) -> str:
    return "no answer" if answer is None else f"{answer.status_code} {answer.text[:200]}"


def _streamed(body: str) -> str:
    events = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
    return "".join(event["text"] for event in events if event["type"] == "transcript.text.done")
