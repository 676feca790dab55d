"""Clients of the service: over HTTP here, of Triton itself in :mod:`client.triton`."""

from client.aio import AsyncClient
from client.errors import (
    InvalidRequestError,
    JobFailedError,
    NotFoundError,
    ServiceError,
    TimedOutError,
    TooLargeError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from client.http import Client
from client.protocol.options import Options, StreamOptions, TranscribeOptions
from client.protocol.retries import Retries
from client.results import Health, Identity, Job, Model, Progress, TextDelta, TextDone
from documents import Segment, Transcript, Word

__all__ = [
    "AsyncClient",
    "Client",
    "Health",
    "Identity",
    "InvalidRequestError",
    "Job",
    "JobFailedError",
    "Model",
    "NotFoundError",
    "Options",
    "Progress",
    "Retries",
    "Segment",
    "ServiceError",
    "StreamOptions",
    "TextDelta",
    "TextDone",
    "TimedOutError",
    "TooLargeError",
    "TranscribeOptions",
    "Transcript",
    "UnauthorizedError",
    "UnavailableError",
    "UnreachableError",
    "Word",
]
