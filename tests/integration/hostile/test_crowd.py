"""Fifty hostile clients beside two honest ones, who hardly notice."""

import contextlib
import multiprocessing
import random
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Callable
from multiprocessing import Queue
from multiprocessing.synchronize import Event
from types import SimpleNamespace

import httpx
import pytest

from tests.clients.multipart import HEADERS, body, file_part
from tests.clients.talk import MEGABYTE, head
from tests.integration.conftest import RunningService
from tests.speech.scoring import word_error_rate

pytestmark = pytest.mark.long

SECONDS = 180
HOSTILE, HONEST = 50, 2
STRANGER = "127.0.0.2"  # the address that the hostile ones come from
PAUSE_SECONDS = 0.5
# Of the time that an honest recording takes while nobody else is there.
MOST = 3

CONTEXT = ssl.create_default_context()
PROCESSES = multiprocessing.get_context("spawn")

Attack = Callable[[RunningService, bytes], None]


def connected(service: RunningService) -> socket.socket:
    port = httpx.URL(service.base_url).port
    return socket.create_connection(("127.0.0.1", port), 10, source_address=(STRANGER, 0))


def stranger() -> httpx.Client:
    # One context: to make one for each takes more of the cores than many an attack.
    transport = httpx.HTTPTransport(local_address=STRANGER, verify=CONTEXT)
    return httpx.Client(transport=transport, timeout=60, trust_env=False)


def send(service: RunningService, content: bytes, **query: str) -> None:
    with stranger() as client:
        client.post(f"{service.base_url}/asr", content=content, headers=HEADERS, params=query)


def say(service: RunningService, *parts: bytes, seconds: float = 0.0) -> None:
    with connected(service) as connection:
        connection.sendall(b"".join(parts))
        time.sleep(seconds)


def stalls(service: RunningService, clip: bytes) -> None:
    say(service, head(f"Content-Length: {MEGABYTE}"), file_part(clip[:1000])[2:], seconds=20)


def hangs_up_at_work(service: RunningService, clip: bytes) -> None:
    content = body(file_part(clip))
    say(service, head(f"Content-Length: {len(content)}"), content, seconds=0.2)


def sends_noise(service: RunningService, clip: bytes) -> None:
    send(service, body(file_part(random.randbytes(200_000))))


def sends_half_of_a_file(service: RunningService, clip: bytes) -> None:
    send(service, body(file_part(clip[:2000])), diarize="false")


def speaks_no_http(service: RunningService, clip: bytes) -> None:
    say(service, random.randbytes(4000), seconds=0.1)


def sends_too_many_fields(service: RunningService, clip: bytes) -> None:
    send(service, body(*(file_part(b"x" * 60_000, None, f"field{n}") for n in range(70))))


def expects_everything(service: RunningService, clip: bytes) -> None:
    words = file_part(b"word " * 100_000, None, "hotwords")
    send(service, body(words, file_part(clip)), min_speakers="50", beam_size="10")


def names_what_is_not_there(service: RunningService, clip: bytes) -> None:
    send(service, body(file_part(clip)), model=f"someone/{random.randrange(10**9)}", language="xx")


def speaks_punycode(service: RunningService, clip: bytes) -> None:
    content = body(*(file_part(b"a-" * 30_000, None, f"f{n}") for n in range(8)), file_part(clip))
    odd = {"Content-Type": f"{HEADERS['Content-Type']}; charset=punycode"}
    with stranger() as client:
        client.post(f"{service.base_url}/asr", content=content, headers=odd)


def asks_for_health(service: RunningService, clip: bytes) -> None:
    with stranger() as client:
        for _ in range(20):
            client.get(f"{service.base_url}/health")


ATTACKS: tuple[Attack, ...] = (
    *(stalls, hangs_up_at_work, sends_noise, sends_half_of_a_file, speaks_no_http),
    *(sends_too_many_fields, expects_everything, names_what_is_not_there, speaks_punycode),
    asks_for_health,
)


def attack_until(over: Event, counted: Queue, service: RunningService, clip: bytes) -> None:
    """All of the hostile clients, in a process of their own; how often each attack was made."""
    attacks: dict[str, int] = dict.fromkeys((attack.__name__ for attack in ATTACKS), 0)

    def hostile(number: int) -> None:
        attack = ATTACKS[number % len(ATTACKS)]
        while not over.is_set():
            with contextlib.suppress(httpx.HTTPError, OSError):
                attack(service, clip)
            attacks[attack.__name__] += 1
            over.wait(PAUSE_SECONDS)

    crowd = [threading.Thread(target=hostile, args=(number,)) for number in range(HOSTILE)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    counted.put(attacks)


def transcribed(service: RunningService, clip: bytes) -> tuple[float, dict]:
    """Seconds, and the transcript of an honest client's recording."""
    begin = time.monotonic()
    answer = httpx.post(
        f"{service.base_url}/asr", files={"audio_file": ("clip.wav", clip)}, timeout=300
    )
    assert answer.status_code == 200, answer.text
    return time.monotonic() - begin, answer.json()


def text_of(transcript: dict) -> str:
    return " ".join(segment["text"] for segment in transcript["segments"])


def test_honest_clients_hardly_notice(service, clip):
    content = clip.read_bytes()
    idle = []
    for _ in range(4):  # each of them beside the other honest one, as later
        with contextlib.ExitStack() as both:
            neighbour = threading.Thread(target=transcribed, args=(service, content))
            neighbour.start()
            both.callback(neighbour.join)
            seconds, undisturbed = transcribed(service, content)
        idle.append(seconds)
    over, counted = PROCESSES.Event(), PROCESSES.Queue()
    at = SimpleNamespace(base_url=service.base_url)
    crowd = PROCESSES.Process(target=attack_until, args=(over, counted, at, content))
    answers: list[tuple[float, dict]] = []

    def honest() -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            answers.append(transcribed(service, content))

    friends = [threading.Thread(target=honest) for _ in range(HONEST)]
    crowd.start()
    for thread in friends:
        thread.start()
    for thread in friends:
        thread.join()
    over.set()
    attacks = counted.get(timeout=120)
    crowd.join()
    disturbed = [seconds for seconds, _ in answers]
    print(
        f"idle {statistics.median(idle):.1f} s, beside them {statistics.median(disturbed):.1f} s "
        f"(most {max(disturbed):.1f} s, {len(answers)} recordings), attacks {attacks}"
    )
    assert all(attacks.values())
    for _, transcript in answers:
        assert word_error_rate(text_of(undisturbed), text_of(transcript)) <= 0.1
        assert {s["speaker"] for s in transcript["segments"]} == {
            s["speaker"] for s in undisturbed["segments"]
        }
    assert statistics.median(disturbed) <= MOST * statistics.median(idle)
