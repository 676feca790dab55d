"""``python -m adapter.embedded.health``: whether Triton transcribes; the image's health check.

Every model has to be loaded, and half a second of silence goes through the whole graph,
whose answer has no words.  The standard library only, as this runs every half minute.
"""

import json
import os
import sys
import urllib.error
import urllib.request

from adapter.triton.secret import HEADER, find

SAMPLE_RATE = 16_000
SECONDS = 20.0  # behind the batches that are under way


def fault(port: int, secret: str | None = None, seconds: float = SECONDS) -> str | None:
    """What keeps Triton on this port of this machine from transcribing, or None.

    Args:
        port: Triton's HTTP port.
        secret: What it asks for before it tells which models it has loaded.
        seconds: How long each of two answers may take.
    """
    triton = f"http://127.0.0.1:{port}/v2"
    samples = [0] * (SAMPLE_RATE // 2)
    audio = {"name": "AUDIO", "datatype": "INT16", "shape": [1, len(samples)], "data": samples}
    request = {"inputs": [audio], "outputs": [{"name": "TRANSCRIPT"}]}
    try:
        index = _post(f"{triton}/repository/index", {}, seconds, secret)
        missing = [model["name"] for model in index if model.get("state") != "READY"]
        if missing:
            return f"Triton has not loaded {', '.join(missing)}"
        answer = _post(f"{triton}/models/asr/infer", request, seconds)
        segments = json.loads(bytes(answer["outputs"][0]["data"]))["segments"]
    except urllib.error.HTTPError as error:
        return f"Triton answers {error.code}: {error.read().decode('utf-8', 'replace')}"
    except (OSError, ValueError, LookupError, TypeError) as error:
        return f"Triton does not answer as it should: {type(error).__name__}: {error}"
    return f"Triton hears words in silence: {segments}" if segments else None


def _post(url: str, body: object, seconds: float, secret: str | None = None) -> object:
    headers = {HEADER: secret} if secret else {}
    request = urllib.request.Request(url, json.dumps(body).encode("ascii"), headers)
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        return json.load(answer)


if __name__ == "__main__":
    grpc_port = int(os.environ.get("TRITON_GRPC_PORT") or 8001)
    http_port = int(os.environ.get("TRITON_HTTP_PORT") or 8000)
    sys.exit(fault(http_port, os.environ.get("TRITON_SECRET") or find(grpc_port)))
