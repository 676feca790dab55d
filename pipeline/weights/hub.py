"""Weights from the model hub."""

import fnmatch
import hashlib
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from pipeline.errors import PipelineError, WeightsUnavailable
from pipeline.settings import Settings
from pipeline.weights.cache import sha256_of

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 3.0  # a hub that takes longer to answer at all is as good as none
REMEMBER_SECONDS = 60.0  # how long an answer of is_reachable holds

_answers: dict[str, tuple[float, bool]] = {}


class NotOnHub(PipelineError):  # noqa: N818 - an answer of the hub
    """The hub has no such repository, or not for this token."""


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


def fetch_snapshot(
    repository: str, patterns: Sequence[str], folder: Path, settings: Settings
) -> None:
    """Download the files of a repository that match ``patterns`` and verify what arrived.

    Raises:
        NotOnHub: there is no such repository, or it does not open for HF_TOKEN.
        WeightsUnavailable: the download failed, or a file is not what the hub announced.
    """
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    endpoint = _endpoint()
    token = settings.hf_token.get_secret_value() if settings.hf_token else False
    logger.info("downloading %s from the model hub", repository)
    try:
        info = HfApi(endpoint, token=token).model_info(repository, files_metadata=True)
        for file in info.siblings:
            if not any(fnmatch.fnmatch(file.rfilename, pattern) for pattern in patterns):
                continue
            path = hf_hub_download(
                repository,
                file.rfilename,
                revision=info.sha,
                local_dir=folder,
                token=token,
                endpoint=endpoint,
            )
            if not _is_as_announced(Path(path), file):
                Path(path).unlink()
                raise WeightsUnavailable(
                    f"{file.rfilename} of {repository} arrived damaged: its checksum differs"
                )
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise NotOnHub(f"the model hub does not open {repository}") from error
    except (HfHubHTTPError, httpx.HTTPError, OSError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise WeightsUnavailable(f"downloading {repository} failed: {reason[0]}") from error


def _endpoint() -> str:
    """The hub's URL; HF_ENDPOINT names a mirror, as it does for huggingface_hub."""
    from huggingface_hub import constants

    return os.environ.get("HF_ENDPOINT") or constants.ENDPOINT


def _is_as_announced(path: Path, file: object) -> bool:
    """Compare a file with the hub's SHA-256 (large files) or git's SHA-1 of it (small ones)."""
    if file.lfs is not None:
        return sha256_of(path) == file.lfs.sha256
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest() == file.blob_id
