"""Triton itself, without the adapter: PCM in, a transcript out, over gRPC.

Where Triton runs on the same machine, the samples are lent to it in shared memory.
"""

from client.triton.audio import SAMPLE_RATE, read_wav
from client.triton.clients import AsyncTritonClient, TritonClient

__all__ = ["SAMPLE_RATE", "AsyncTritonClient", "TritonClient", "read_wav"]
