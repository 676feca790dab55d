"""``python -m adapter.embedded.health``: whether Triton transcribes; the image's health check.

Every model has to be loaded, and half a second of silence goes through the whole graph,
whose answer has no words.  Silence asks nothing of the networks that hear words and voices:
these two are asked for themselves, about a second of noise, once for each of their lives and
again when they only fail.  The standard library only, as this runs every half minute.
"""

import json
import os
import random
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path

from adapter.triton.secret import HEADER, find

SAMPLE_RATE = 16_000
SECONDS = 20.0  # behind the batches that are under way
LOADING = "ModelLoading: "  # of a network that was let go, and is asked for again
LEAVES = ("whisper", "speaker_embedding")


def fault(
    port: int, secret: str | None = None, seconds: float = SECONDS, notes: Path | None = None
) -> str | None:
    """What keeps Triton on this port of this machine from transcribing, or None.

    Args:
        port: Triton's HTTP port.
        secret: What it asks for before it tells which models it has loaded.
        seconds: How long each of its answers may take.
        notes: Where what was proved is noted for the next check; without, it is proved now.
    """
    triton = f"http://127.0.0.1:{port}/v2"
    silence = {"inputs": [_audio([0] * (SAMPLE_RATE // 2))], "outputs": [{"name": "TRANSCRIPT"}]}
    try:
        index = _post(f"{triton}/repository/index", {}, seconds, secret)
        missing = [model["name"] for model in index if model.get("state") != "READY"]
        if missing:
            return f"Triton has not loaded {', '.join(missing)}"
        answer = _post(f"{triton}/models/asr/infer", silence, seconds)
        segments = json.loads(bytes(answer["outputs"][0]["data"]))["segments"]
        if segments:
            return f"Triton hears words in silence: {segments}"
        return _fault_of_leaves(triton, seconds, notes)
    except urllib.error.HTTPError as error:
        return f"Triton answers {error.code}: {error.read().decode('utf-8', 'replace')}"
    except (OSError, ValueError, LookupError, TypeError) as error:
        return f"Triton does not answer as it should: {type(error).__name__}: {error}"


def _fault_of_leaves(triton: str, seconds: float, notes: Path | None) -> str | None:
    noted = {}
    with suppress(OSError, ValueError):
        noted = dict(json.loads(notes.read_text(encoding="ascii"))) if notes else {}
    for leaf in LEAVES:
        answered, failed = _counts(triton, leaf, seconds)
        since = noted.get(leaf)
        # Fewer than were noted: it is another process.
        is_known = since is not None and since[0] <= answered and since[1] <= failed
        if not is_known or (failed > since[1] and answered == since[0]):
            try:
                _post(f"{triton}/models/{leaf}/infer", _noise(leaf), seconds)
            except urllib.error.HTTPError as error:
                told = error.read().decode("utf-8", "replace")
                if LOADING not in told:
                    return f"{leaf} does not compute: {told}"
                continue
            answered, failed = _counts(triton, leaf, seconds)
        noted[leaf] = (answered, failed)
    if notes:
        notes.write_text(json.dumps(noted), encoding="ascii")
    return None


def _noise(leaf: str) -> dict[str, object]:
    """A piece that a network has to compute something for: a second of noise, and who speaks."""
    loud = random.Random(0)
    inputs = [_audio([loud.randint(-3000, 3000) for _ in range(SAMPLE_RATE)])]
    if leaf == "whisper":
        return {"inputs": inputs, "parameters": {"language": "en", "beam_size": 1}}
    masks = {"name": "MASKS", "datatype": "UINT8", "shape": [1, 1, 59], "data": [1] * 59}
    return {"inputs": [*inputs, masks]}


def _counts(triton: str, model: str, seconds: float) -> tuple[int, int]:
    """Pieces that a model has answered, and those that have failed."""
    with urllib.request.urlopen(f"{triton}/models/{model}/stats", timeout=seconds) as answer:
        (told,) = json.load(answer)["model_stats"]
    told = told["inference_stats"]
    return told["success"]["count"], told["fail"]["count"]


def _audio(samples: list[int]) -> dict[str, object]:
    return {"name": "AUDIO", "datatype": "INT16", "shape": [1, len(samples)], "data": samples}


def _post(url: str, body: object, seconds: float, secret: str | None = None) -> object:
    headers = {HEADER: secret} if secret else {}
    request = urllib.request.Request(url, json.dumps(body).encode("ascii"), headers)
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        return json.load(answer)


if __name__ == "__main__":
    grpc_port = int(os.environ.get("TRITON_GRPC_PORT") or 8001)
    http_port = int(os.environ.get("TRITON_HTTP_PORT") or 8000)
    own = Path(tempfile.gettempdir(), f"triton-asr-health-{os.getuid()}-{http_port}")
    sys.exit(fault(http_port, os.environ.get("TRITON_SECRET") or find(grpc_port), notes=own))
