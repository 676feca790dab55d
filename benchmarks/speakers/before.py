"""What an earlier commit makes of the same outputs of the networks, by its own code.

Clustering, turns and the speakers of the words are that commit's; what the networks heard and
which words there are is given.  Its code is taken out of Git, and runs as a program (this file)
that sees that commit's ``pipeline`` instead of ours.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

COMMIT = "f8c3262"
ROOT = Path(__file__).parents[2]


def answers(heard: Sequence, commit: str = COMMIT) -> dict[tuple[str, bool], dict]:
    """``turns`` and ``words`` with speakers, by a conversation's name and if its number was given.

    Args:
        heard: what :meth:`benchmarks.speakers.listening.Listening.heard` yields.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        archive = subprocess.run(
            ["git", "archive", commit, "pipeline"], cwd=ROOT, check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "x", "-C", folder], input=archive, check=True)
        for each in heard:
            np.savez(
                folder / f"{each.talk.plan.name}.npz",
                activity=each.activity,
                embeddings=each.embeddings,
                transcript=each.transcript.model_dump_json(),
                duration=each.seconds,
                people=each.people,
            )
        command = [sys.executable, Path(__file__), folder]
        subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": name}, check=True)
        told = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
    return {(name, given): answer for name, given, answer in told}


def known(document: type, value: dict) -> dict:
    """What that commit's document has of ours."""
    return {key: value[key] for key in document.model_fields if key in value}


def main(folder: Path) -> None:
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
            answer = {
                "turns": turns.model_dump()["turns"],
                "words": [word.model_dump() for segment in words for word in segment.words],
            }
            told.append((file.stem, given, answer))
    (folder / "answers.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    # The folder of this file has modules of its own, which that commit's code must not see.
    sys.path[0] = sys.argv[1]
    main(Path(sys.argv[1]))
