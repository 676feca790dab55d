"""``python -m pipeline.download``: fetch files, in a process that can be ended.

Takes one argument, a JSON object: ``folder`` and ``files`` (their names and sizes in bytes), and
either ``endpoint``, ``repository`` and ``revision`` of the model hub, whose token is HF_TOKEN, or
the ``url`` of the one file.  Prints why it failed, if it does.

It is not in :mod:`pipeline.weights`, whose imports take longer than all else of a small download.
"""

import json
import os
import sys
from pathlib import Path

from pipeline import children

SPARE = 1 << 20  # bytes; what huggingface_hub notes of a file may be longer than the file
IDLE_SECONDS = 60  # without a byte, after which a server is given up
NOT_OPEN = 3  # the exit status where the repository does not open for the token


class NotOpen(Exception):  # noqa: N818 - an answer of the hub
    """The repository is not there, or not for this token."""


def main() -> int:
    """Run the command; the exit status is 0 when everything is there."""
    job = json.loads(sys.argv[1])
    children.begin(largest_file=max(job["files"].values()) + SPARE)
    try:
        if "url" in job:
            ((name, _),) = job["files"].items()
            _from_url(job["url"], Path(job["folder"], name))
        else:
            _from_hub(job)
    except NotOpen:
        return NOT_OPEN
    except Exception as failure:  # whatever a library raises, the reason is all that is of use
        print((str(failure).strip().splitlines() or [type(failure).__name__])[0])
        return 1
    return 0


def _from_hub(job: dict[str, object]) -> None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import RepositoryNotFoundError

    try:
        for name in job["files"]:
            hf_hub_download(
                job["repository"],
                name,
                revision=job["revision"],
                local_dir=job["folder"],
                token=os.environ.get("HF_TOKEN") or False,
                endpoint=job["endpoint"],
            )
    except RepositoryNotFoundError as error:
        raise NotOpen from error


def _from_url(url: str, path: Path) -> None:
    import httpx

    partial = path.with_name(f".{path.name}.part")
    with (
        httpx.stream("GET", url, follow_redirects=True, timeout=IDLE_SECONDS) as answer,
        partial.open("wb") as file,
    ):
        answer.raise_for_status()
        for block in answer.iter_bytes(1 << 20):
            file.write(block)
    partial.rename(path)


if __name__ == "__main__":
    sys.exit(main())
