"""Errors of the pipeline as Triton's, and back.

A BLS caller sees every error of a leaf as INTERNAL and keeps only its text, so
the kind of an error travels in front of the text.

A step tells of a failure by a document in the place of its own.  Triton 2.51
ends an ensemble as soon as a step reports an error, and gives up the memory
that the recording is in: the other steps, if they have not copied it yet, read
it all the same, and Triton crashes.  So each step hands on what has failed, and
the last one, when nobody reads the recording any more, reports it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import triton_python_backend_utils as pb_utils

from documents import Failure, StepFailed
from pipeline.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    ModelLoading,
    OutOfMemory,
    Overloaded,
    PipelineError,
    WeightsNotFound,
    WeightsUnavailable,
)
from pipeline.serving.tensors import document_tensors, failures_in

ANSWERED, FAILED = "answered", "failed"
# What has come of a request that failed, for its metrics and its line in the log.
OUTCOMES = {
    InvalidRequest: "refused",
    Cancelled: "cancelled",
    DeadlineExceeded: "timed out",
    OutOfMemory: "unavailable",
    Overloaded: "unavailable",
    ModelLoading: "unavailable",
    WeightsNotFound: "refused",
    WeightsUnavailable: "unavailable",
    StepFailed: "skipped",
}

logger = logging.getLogger(__name__)

CODES = {  # the attributes of TritonError, which has none before the model is loaded
    InvalidRequest: "INVALID_ARG",
    Cancelled: "CANCELLED",
    DeadlineExceeded: "CANCELLED",
    OutOfMemory: "UNAVAILABLE",
    Overloaded: "UNAVAILABLE",
    ModelLoading: "UNAVAILABLE",
    WeightsNotFound: "NOT_FOUND",
    WeightsUnavailable: "UNAVAILABLE",
}
STATUSES = {"INVALID_ARG": "INVALID_ARGUMENT"}  # gRPC's names where they are others
CANCELLED = f"{Cancelled.__name__}: "


def to_response(failure: BaseException) -> pb_utils.InferenceResponse:
    """The response that tells the client of this failure; unexpected ones are logged."""
    told = document_of(failure)
    codes = {status: code for code, status in STATUSES.items()}
    code = getattr(pb_utils.TritonError, codes.get(told.status, told.status))
    error = pb_utils.TritonError(told.failure, code)
    return pb_utils.InferenceResponse(output_tensors=[], error=error)


def check_inputs(request: object, documents: Sequence[str]) -> None:
    """Go on only if no step before this one has failed.

    Args:
        documents: the names of its inputs that are documents.

    Raises:
        StepFailed: with what began it, where one failed and the others were told to end.
    """
    failures = failures_in(request, documents)
    if failures:
        raise StepFailed(min(failures, key=lambda each: each.failure.startswith(CANCELLED)))


def to_documents(failure: BaseException, outputs: Sequence[str]) -> pb_utils.InferenceResponse:
    """The response that tells the next step of this failure, in each of these outputs."""
    return pb_utils.InferenceResponse(
        output_tensors=document_tensors(outputs, document_of(failure))
    )


def document_of(failure: BaseException) -> Failure:
    """The document that says what failed; what nobody expects is logged."""
    if isinstance(failure, StepFailed):
        return failure.failure
    if type(failure) not in CODES:
        logger.error("a request failed", exc_info=failure)
    code = CODES.get(type(failure), "INTERNAL")
    return Failure(failure=f"{type(failure).__name__}: {failure}", status=STATUSES.get(code, code))


def outcome_of(failure: BaseException | None) -> str:
    """What has come of a request that failed so, or did not."""
    return ANSWERED if failure is None else OUTCOMES.get(type(failure), FAILED)


def from_text(text: str) -> PipelineError:
    """The error that a leaf's message stands for."""
    for kind in CODES:
        mark = f"{kind.__name__}: "
        if mark in text:
            return kind(text.split(mark, 1)[1])
    if "Exceeds maximum queue size" in text:
        return Overloaded("too many chunks are waiting")
    return PipelineError(text)
