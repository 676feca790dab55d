"""Jobs that are over, in the store of an adapter that needs no Triton to tell of them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from adapter.jobs import claims, records
from adapter.jobs.database import Database
from documents import Segment, Transcript, Word
from pipeline.settings import Settings

WORKER = "a test"


def leave(data_dir: Path, transcript: Transcript, owner: str, **request: object) -> str:
    """A completed job of this owner; gives its id."""
    database = Database(Settings(_env_file=None, data_dir=data_dir))
    asked = {"audio_url": "http://service/v2/upload/1", "speaker_labels": True, **request}

    def add(connection) -> str:
        job = records.add_job(connection, owner, asked, "{}", None, None)
        claimed = claims.claim(connection, WORKER)
        assert claimed.id == job.id
        assert claims.complete(connection, claimed, WORKER, transcript)
        return job.id

    try:
        with ThreadPoolExecutor(1) as thread:  # the caller's may have an event loop already
            return thread.submit(lambda: asyncio.run(database.write(add))).result()
    finally:
        database.close()


def spoken(*turns: tuple[str, str], seconds: float = 0.36) -> Transcript:
    """A transcript of these turns of a speaker and a text, each of whose words takes as long."""
    segments = []
    at = 0.0
    for speaker, text in turns:
        words = []
        for word in text.split():
            times = {"start": at, "end": at + 0.8 * seconds, "speaker": speaker}
            words.append(Word(word=word, score=0.9, **times))
            at += seconds
        edges = {"start": words[0].start, "end": words[-1].end}
        segments.append(Segment(text=text, words=words, speaker=speaker, **edges))
    return Transcript(
        model="base", language="en", language_probability=1.0, duration=at, segments=segments
    )
