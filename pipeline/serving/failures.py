"""Errors of the pipeline as Triton's, and back.

A BLS caller sees every error of a leaf as INTERNAL and keeps only its text, so
the kind of an error travels in front of the text.
"""

from __future__ import annotations

import logging

import triton_python_backend_utils as pb_utils

from pipeline.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    ModelLoading,
    Overloaded,
    PipelineError,
    WeightsNotFound,
    WeightsUnavailable,
)

logger = logging.getLogger(__name__)

CODES = {  # the attributes of TritonError, which has none before the model is loaded
    InvalidRequest: "INVALID_ARG",
    Cancelled: "CANCELLED",
    DeadlineExceeded: "CANCELLED",
    Overloaded: "UNAVAILABLE",
    ModelLoading: "UNAVAILABLE",
    WeightsNotFound: "NOT_FOUND",
    WeightsUnavailable: "UNAVAILABLE",
}


def to_response(failure: BaseException) -> pb_utils.InferenceResponse:
    """The response that tells the client of this failure; unexpected ones are logged."""
    if type(failure) not in CODES:
        logger.error("a request failed", exc_info=failure)
    code = getattr(pb_utils.TritonError, CODES.get(type(failure), "INTERNAL"))
    text = f"{type(failure).__name__}: {failure}"
    return pb_utils.InferenceResponse(output_tensors=[], error=pb_utils.TritonError(text, code))


def from_text(text: str) -> PipelineError:
    """The error that a leaf's message stands for."""
    for kind in CODES:
        mark = f"{kind.__name__}: "
        if mark in text:
            return kind(text.split(mark, 1)[1])
    if "Exceeds maximum queue size" in text:
        return Overloaded("too many chunks are waiting")
    return PipelineError(text)
