"""Clients of the service: over HTTP here, of Triton itself in :mod:`client.triton`."""

from client.errors import ServiceError
from client.http import Client
from documents import Segment, Transcript, Word

__all__ = ["Client", "Segment", "ServiceError", "Transcript", "Word"]
