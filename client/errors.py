"""What a client hears when something goes wrong."""

from typing import ClassVar


class ServiceError(Exception):
    """The service refused or failed, or does not answer.

    Attributes:
        status: The HTTP status, or gRPC's name for what Triton itself answered
            (``INVALID_ARGUMENT``); None when there was no answer.
        detail: What the service says of it, or what is wrong with the connection.
        advice: What to do about it, if there is something.
    """

    advice: ClassVar[str | None] = None

    def __init__(self, status: int | str | None, detail: str) -> None:
        super().__init__(detail if status is None else f"{detail} (status {status})")
        self.status = status
        self.detail = detail


class UnreachableError(ServiceError):
    """There is no connection to the service, or it broke."""

    advice = "is the service running, and is its address right? --url or ASR_URL say where it is"


class TimedOutError(ServiceError):
    """There was no answer in time: the client's, or the service's own (408, 504)."""

    advice = "a job has no such limit; or give more time"


class InvalidRequestError(ServiceError):
    """The request can never be answered as it is: a parameter or the file is wrong (4xx)."""


class UnauthorizedError(ServiceError):
    """A key is missing or not valid (401, 403)."""

    advice = "set ASR_API_KEY to one of the service's keys"


class NotFoundError(ServiceError):
    """There is no such job, model or address (404)."""


class TooLargeError(ServiceError):
    """The file or the recording is larger than the service takes (413)."""


class UnavailableError(ServiceError):
    """It may be otherwise in a moment: the service is busy or not ready (429, 502, 503).

    Attributes:
        retry_after: Seconds after which the service asks to be asked again, if it says so.
    """

    advice = "try again in a moment"

    def __init__(
        self, status: int | str | None, detail: str, retry_after: float | None = None
    ) -> None:
        super().__init__(status, detail)
        self.retry_after = retry_after


class JobFailedError(ServiceError):
    """A job has ended without a transcript.

    Attributes:
        job: Its id.
    """

    def __init__(self, job: str, detail: str) -> None:
        super().__init__(None, detail)
        self.job = job


BY_STATUS: dict[int, type[ServiceError]] = {
    401: UnauthorizedError,
    403: UnauthorizedError,
    404: NotFoundError,
    408: TimedOutError,
    413: TooLargeError,
    429: UnavailableError,
    502: UnavailableError,
    503: UnavailableError,
    504: TimedOutError,
}
