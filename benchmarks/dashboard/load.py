"""What a day's clients do, in minutes."""

import random
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

SEED = 12
HANG_UP_SECONDS = 1.5
PAUSE_SECONDS = 0.5
TIMEOUT_SECONDS = 1800
# How often each is done, of so many: (route, part, form fields).
KINDS = (
    (2, "/asr", "audio_file", {}),  # which may join another's work
    (4, "/asr", "audio_file", {"reuse": "false"}),
    (3, "/asr", "audio_file", {"diarize": "false", "reuse": "false"}),
    (3, "/v1/audio/transcriptions", "file", {"model": "whisper-1", "stream": "true"}),
    (1, "/v1/audio/transcriptions", "file", {"model": "whisper-1"}),
    (1, "/detect-language", "audio_file", {}),
    (2, "/asr", "audio_file", {"model": "no-such-model"}),
    (1, "hang up", "audio_file", {}),
)


class Load:
    """Clients that send one recording after the other until it is over."""

    def __init__(self, url: str, recordings: list[Path], clients: int) -> None:
        """Args:
        url: of the adapter.
        recordings: to choose from.
        clients: that send at once.
        """
        self._url = url
        self._recordings = recordings
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.answers: Counter[str] = Counter()  # by status, or «hung up»
        self.seconds = 0.0  # of all answers together, by the clients' clock
        self._threads = [
            threading.Thread(target=self._send_all, args=(random.Random(SEED + number),))
            for number in range(clients)
        ]

    def run(self, seconds: float) -> None:
        """Send for so long, and wait for the last answers."""
        for thread in self._threads:
            thread.start()
        self._over.wait(seconds)
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _send_all(self, chance: random.Random) -> None:
        weights = [often for often, *_ in KINDS]
        with httpx.Client(base_url=self._url, timeout=TIMEOUT_SECONDS) as client:
            while not self._over.is_set():
                _, route, part, fields = chance.choices(KINDS, weights)[0]
                recording = chance.choice(self._recordings).read_bytes()
                begun = time.monotonic()
                files = {part: ("recording.wav", recording)}
                if route == "hang up":
                    self._hang_up(files)
                    continue
                status = client.post(route, data=fields, files=files).status_code
                with self._lock:
                    self.answers[str(status)] += 1
                    self.seconds += time.monotonic() - begun
                self._over.wait(PAUSE_SECONDS)

    def _hang_up(self, files: dict) -> None:
        try:
            answer = httpx.post(f"{self._url}/asr", files=files, timeout=HANG_UP_SECONDS)
            outcome = str(answer.status_code)  # it was quicker
        except httpx.TimeoutException:
            outcome = "hung up"
        with self._lock:
            self.answers[outcome] += 1
