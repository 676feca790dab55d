"""Weights from the model hub, and single files from elsewhere."""

import hashlib
import json
import logging
import os
import sys
import time
from pathlib import Path

import httpx

from pipeline import children
from pipeline.download import NOT_OPEN
from pipeline.errors import PipelineError, WeightsUnavailable
from pipeline.settings import Settings
from pipeline.utf8 import as_utf8
from pipeline.weights import pins
from pipeline.weights.cache import sha256_of
from pipeline.weights.kinds import Kind
from pipeline.weights.room import check_disk, check_room

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 3.0  # a hub that takes longer to answer at all is as good as none
ANSWER_SECONDS = 30.0  # for what a repository holds
REMEMBER_SECONDS = 60.0  # how long an answer of is_reachable holds

_answers: dict[str, tuple[float, bool]] = {}


class NotOnHub(PipelineError):  # noqa: N818 - an answer of the hub
    """The hub has no such repository, or not for this token."""


class NotThisKind(PipelineError):  # noqa: N818 - an answer of the hub
    """The repository lacks files that the kind of network needs."""


def is_reachable(settings: Settings) -> bool:
    """Whether the hub answers, asked at most once a minute; never with HF_HUB_OFFLINE."""
    if settings.hf_hub_offline:
        return False
    endpoint = _endpoint()
    asked, answer = _answers.get(endpoint, (0.0, False))
    if time.monotonic() - asked > REMEMBER_SECONDS or asked == 0.0:
        try:
            answer = httpx.head(endpoint, timeout=CONNECT_SECONDS).status_code < 400
        except (httpx.HTTPError, httpx.InvalidURL):
            answer = False
        _answers[endpoint] = (time.monotonic(), answer)
    return answer


def fetch_snapshot(repository: str, kind: Kind, folder: Path, settings: Settings) -> None:
    """Download the files of a repository that its kind has, and verify what arrived.

    Raises:
        NotOnHub: there is no such repository, or it does not open for HF_TOKEN.
        NotThisKind: it is another kind of network; nothing was downloaded.
        WeightsUnavailable: there is no room, the download failed or took too long, or a file is
            not the one that was pinned or that the hub announced.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    endpoint = _endpoint()
    token = settings.hf_token.get_secret_value() if settings.hf_token else ""
    try:
        info = HfApi(endpoint, token=token or False).model_info(
            repository,
            revision=pins.REVISIONS.get(repository),
            files_metadata=True,
            timeout=ANSWER_SECONDS,
        )
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise NotOnHub(f"the model hub does not open {repository}") from error
    except (HfHubHTTPError, httpx.HTTPError, OSError) as error:
        raise _failed(repository, str(error)) from error
    there = {file.rfilename: file for file in info.siblings}
    if missing := kind.missing(there):
        raise NotThisKind(f"{repository} is no {kind.name}: it has no {', '.join(missing)}")
    files = [there[name] for name in kind.chosen(there)]
    if any(file.size is None for file in files):
        raise _failed(repository, "the hub does not say how large its files are")
    job = {"endpoint": endpoint, "repository": repository, "revision": info.sha}
    sizes = {file.rfilename: file.size for file in files}
    _download(repository, job, sizes, folder, settings, token)
    for file in files:
        _check(repository, folder / file.rfilename, file)


def fetch_file(url: str, name: str, folder: Path, settings: Settings) -> None:
    """Download a file of torchaudio's, and verify it where it is pinned.

    Raises:
        WeightsUnavailable: there is no room, or the download failed or took too long.
    """
    try:
        answer = httpx.head(url, follow_redirects=True, timeout=ANSWER_SECONDS).raise_for_status()
        size = int(answer.headers["Content-Length"])
    except (httpx.HTTPError, KeyError, ValueError) as error:
        raise _failed(url, str(error) or type(error).__name__) from error
    _download(name, {"url": url}, {name: size}, folder, settings)
    pinned = pins.SHA256["torchaudio"].get(name)
    if pinned and sha256_of(folder / name) != pinned:
        (folder / name).unlink()
        raise WeightsUnavailable(f"{name} is not the file that was pinned (SHA-256 differs)")


def _download(
    what: str,
    job: dict[str, str],
    sizes: dict[str, int],
    folder: Path,
    settings: Settings,
    token: str = "",
) -> None:
    """Run :mod:`pipeline.download`, whose end a time limit and a full disk are."""
    size, seconds = sum(sizes.values()), settings.download_timeout_seconds
    check_room(what, size, folder, settings)
    logger.info("downloading %s (%.0f MB)", what, size / 1e6)
    quiet = {} if sys.stderr.isatty() else {"HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    try:
        status, reason = children.run(
            "pipeline.download",
            json.dumps({**job, "folder": as_utf8(folder), "files": sizes}),
            seconds=seconds,
            variables={"HF_TOKEN": token, **quiet},
            look=lambda: check_disk(what, settings),
        )
    except children.TookTooLong as error:
        raise _failed(
            what, f"it took longer than {seconds:g} s (DOWNLOAD_TIMEOUT_SECONDS); what came is kept"
        ) from error
    if status == NOT_OPEN:
        raise NotOnHub(f"the model hub does not open {what}")
    if status:
        raise _failed(what, reason or f"its process ended with {status}")


def _failed(what: str, reason: str) -> WeightsUnavailable:
    (first, *_) = reason.strip().splitlines() or ["no reason given"]
    return WeightsUnavailable(f"downloading {what} failed: {first}")


def _endpoint() -> str:
    """The hub's URL; HF_ENDPOINT names a mirror, as it does for huggingface_hub."""
    from huggingface_hub import constants

    return os.environ.get("HF_ENDPOINT") or constants.ENDPOINT


def _check(repository: str, path: Path, file: object) -> None:
    """Compare a file with its pin, or with what the hub announced; one that differs is removed."""
    pinned = pins.SHA256.get(repository, {}).get(file.rfilename)
    if pinned and sha256_of(path) != pinned:
        fault = "is not the file that was pinned (SHA-256 differs)"
    elif not pinned and not _is_as_announced(path, file):
        fault = "arrived damaged: its checksum differs"
    else:
        return
    path.unlink()
    raise WeightsUnavailable(f"{file.rfilename} of {repository} {fault}")


def _is_as_announced(path: Path, file: object) -> bool:
    """Compare a file with the hub's SHA-256 (large files) or git's SHA-1 of it (small ones)."""
    if file.lfs is not None:
        return sha256_of(path) == file.lfs.sha256
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest() == file.blob_id
