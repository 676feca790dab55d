"""What an earlier commit makes of the same recordings, by its own code.

Clustering, turns and the speakers of the words are that commit's; what the networks of diarization
heard and which words there are is given.  Which words it hears itself is asked apart.  Its code is
taken out of Git, and runs as a program (this file) that sees that commit's ``pipeline`` instead of
ours.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

COMMIT = "f8c3262"
ROOT = Path(__file__).parents[2]


def answers(heard: Sequence, commit: str = COMMIT) -> dict[tuple[str, bool], dict]:
    """``turns`` and ``words`` with speakers, by a conversation's name and if its number was given.

    Args:
        heard: what :meth:`benchmarks.speakers.listening.Listening.heard` yields.
    """
    with _code_of(commit) as folder:
        for each in heard:
            np.savez(
                folder / f"{each.talk.plan.name}.npz",
                activity=each.activity,
                embeddings=each.embeddings,
                transcript=each.transcript.model_dump_json(),
                duration=each.seconds,
                people=each.people,
            )
        _run(folder, "answer")
        told = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return {(name, given): answer for name, given, answer in told}


def words(heard: Sequence, kept: Path, commit: str = COMMIT) -> dict[str, list[dict]]:
    """The words that its own transcription hears, by a conversation's name, kept in a folder."""
    folder = kept / commit
    folder.mkdir(parents=True, exist_ok=True)
    with _code_of(commit) as code:
        for each in heard:
            if not (folder / f"{each.talk.plan.name}.json").exists():
                language = each.talk.plan.language
                file = code / f"{each.talk.plan.name}.npz"
                np.savez(file, audio=each.talk.audio, language=language)
        _run(code, "hear")
        for file in code.glob("*.json"):
            (folder / file.name).write_bytes(file.read_bytes())
    files = {each.talk.plan.name: folder / f"{each.talk.plan.name}.json" for each in heard}
    return {name: json.loads(file.read_text(encoding="utf-8")) for name, file in files.items()}


@contextmanager
def _code_of(commit: str) -> Iterator[Path]:
    """A folder with the ``pipeline`` of that commit, for as long as it is needed."""
    with tempfile.TemporaryDirectory() as name:
        archive = subprocess.run(
            ["git", "archive", commit, "pipeline"], cwd=ROOT, check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "x", "-C", name], input=archive, check=True)
        yield Path(name)


def _run(folder: Path, work: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, Path(__file__), folder, work]
    subprocess.run(command, cwd=folder, env=environment, check=True)


def known(document: type, value: dict) -> dict:
    """What that commit's document has of ours."""
    return {key: value[key] for key in document.model_fields if key in value}


def hear(folder: Path) -> None:
    """Write the words of the recordings in a folder."""
    from pipeline.decoding import until_credible
    from pipeline.recognition import Chunk, Recogniser
    from pipeline.voice_activity import VoiceActivityDetector
    from pipeline.whisper_models import WhisperModels

    from pipeline.alignment import align
    from pipeline.options import Options
    from pipeline.settings import current_settings
    from pipeline.transcription import transcribe

    def recognise(network: Recogniser, chunk: Chunk) -> Future:
        answer: Future = Future()
        (first,) = network.recognise([chunk])
        again = partial(_at, network, chunk)
        answer.set_result(until_credible(first, again))
        return answer

    def _at(network: Recogniser, chunk: Chunk, temperature: float) -> object:
        return network.recognise([chunk.at(temperature)])[0]

    files = sorted(folder.glob("*.npz"))
    detector, models = VoiceActivityDetector(), WhisperModels(current_settings()) if files else None
    for file in files:
        kept = np.load(file)
        audio, options = kept["audio"], Options(language=str(kept["language"]))
        with models.use(None) as network:
            ask = partial(recognise, network)
            heard = align(audio, transcribe(audio, options, detector, ask, "base"), None)
        words = [word.model_dump() for segment in heard.segments for word in segment.words]
        file.with_suffix(".json").write_text(json.dumps(words), encoding="utf-8")


def answer(folder: Path) -> None:
    """Write the answers for the recordings in a folder."""
    from pipeline.documents import Segment, Transcript, Word

    from pipeline.attribution import attribute
    from pipeline.diarization.diarize import conclude
    from pipeline.diarization.recipe import ungated
    from pipeline.options import Options

    find, told = ungated().find, []
    for file in sorted(folder.glob("*.npz")):
        kept = np.load(file)
        transcript = known(Transcript, json.loads(str(kept["transcript"])))
        segments = [known(Segment, each) for each in transcript["segments"]]
        for segment in segments:
            segment["words"] = [known(Word, word) for word in segment["words"]]
        transcript = Transcript.model_validate({**transcript, "segments": segments})
        for given in (False, True):
            options = Options(num_speakers=int(kept["people"])) if given else Options()
            heard = kept["activity"], kept["embeddings"]
            turns = conclude(*heard, options, find, float(kept["duration"]))
            words = attribute(transcript, turns).segments
            said = {
                "turns": turns.model_dump()["turns"],
                "words": [word.model_dump() for segment in words for word in segment.words],
            }
            told.append((file.stem, given, said))
    (folder / "answers.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    # The folder of this file has modules of its own, which that commit's code must not see.
    sys.path[0] = sys.argv[1]
    {"answer": answer, "hear": hear}[sys.argv[2]](Path(sys.argv[1]))
