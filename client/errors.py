"""What a client hears when something goes wrong."""


class ServiceError(Exception):
    """The service refused or failed, or does not answer.

    Attributes:
        status: The HTTP status, or gRPC's name for what Triton itself answered
            (``INVALID_ARGUMENT``); None when there was no answer.
        detail: What the service says of it, or what is wrong with the connection.
    """

    def __init__(self, status: int | str | None, detail: str) -> None:
        super().__init__(detail if status is None else f"{detail} (status {status})")
        self.status = status
        self.detail = detail
