"""More requests than places, all of which wait and are answered: a tiny graph."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx

from pipeline.settings import Settings
from tests.services.adapter_thread import running_adapter
from tests.services.tiny_triton import PCM, TEXT, pieces_done, process
from tests.waiting import until

AT_ONCE = 50
QUERY = {"encode": "false", "diarize": "false", "word_timestamps": "false", "reuse": "false"}


def test_fifty_at_once_are_fifty_answers_though_a_model_dies_meanwhile(tiny):
    settings = Settings(_env_file=None, triton_grpc_port=tiny.triton_grpc_port, max_requests=8)
    done = pieces_done(tiny)
    with running_adapter(settings) as url, ThreadPoolExecutor(AT_ONCE) as clients:

        def post(number: int) -> httpx.Response:
            files = {"audio_file": ("a.pcm", PCM.tobytes())}
            query = {**QUERY, "hotwords": "pieces 1 0.03"}
            return httpx.post(f"{url}/asr", files=files, params=query, timeout=120)

        answers = [clients.submit(post, number) for number in range(AT_ONCE)]
        until(lambda: pieces_done(tiny) > done)
        os.kill(process(tiny, "whisper"), signal.SIGKILL)
        told = [answer.result() for answer in answers]
    assert [answer.text for answer in told if answer.is_error] == []
    assert {answer.json()["segments"][0]["text"] for answer in told} == {TEXT}
