"""``python -m adapter.embedded.health``: whether Triton transcribes; the image's health check.

Half a second of silence goes through the whole graph, whose answer has no words.  The
standard library only, as this runs every half minute.
"""

import json
import os
import sys
import urllib.error
import urllib.request

SAMPLE_RATE = 16_000
SECONDS = 20.0  # behind the batches that are under way


def fault(port: int, seconds: float = SECONDS) -> str | None:
    """What keeps Triton on this port of this machine from transcribing, or None."""
    samples = [0] * (SAMPLE_RATE // 2)
    request = {
        "inputs": [
            {"name": "AUDIO", "datatype": "INT16", "shape": [1, len(samples)], "data": samples}
        ],
        "outputs": [{"name": "TRANSCRIPT"}],
    }
    url = f"http://127.0.0.1:{port}/v2/models/asr/infer"
    try:
        with urllib.request.urlopen(url, json.dumps(request).encode(), seconds) as answer:
            document = bytes(json.load(answer)["outputs"][0]["data"])
        segments = json.loads(document)["segments"]
    except urllib.error.HTTPError as error:
        return f"Triton answers {error.code}: {error.read().decode('utf-8', 'replace')}"
    except (OSError, ValueError, KeyError, IndexError) as error:
        return f"Triton does not answer as it should: {type(error).__name__}: {error}"
    return f"Triton hears words in silence: {segments}" if segments else None


if __name__ == "__main__":
    sys.exit(fault(int(os.environ.get("TRITON_HTTP_PORT") or 8000)))
