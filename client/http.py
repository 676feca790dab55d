"""The service over HTTP."""

from collections.abc import Generator
from contextlib import closing
from types import TracebackType

import httpx
from typing_extensions import Self, Unpack

from client.jobs import Jobs
from client.protocol import asking
from client.protocol.connection import ANSWER_SECONDS, DEFAULT_URL, Connection
from client.protocol.options import StreamOptions, TranscribeOptions
from client.protocol.recordings import OnSent, Recording, Source
from client.protocol.retries import Deadline, Retries
from client.results import Health, Identity, Model, Progress, TextEvent
from client.transport import Transport
from documents import Transcript


class Client:
    """A service at a URL, which may hold a user and a password.

    Every call ends within its time, and is repeated where that is safe (:class:`Retries`).
    Threads may share a client.

    Attributes:
        jobs: recordings that are left with the service.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        timeout: float = ANSWER_SECONDS,
        api_key: str | None = None,
        retries: Retries | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """Args:
        url: Where the service is.
        timeout: Seconds that a call may take, its upload and repetitions included.
        api_key: A key of the service's API_KEY; the variable ASR_API_KEY if left out.
        retries: When calls are repeated; four times at most if left out.
        transport: what httpx sends requests with, such as one with certificates of your own.

        Raises:
            ServiceError: the address or the key cannot be used.
        """
        connection = Connection(url, timeout, api_key, retries or Retries())
        self._transport = Transport(connection, transport)
        self.url = connection.shown
        self.jobs = Jobs(self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def transcribe(
        self,
        recording: Source,
        *,
        name: str = "",
        request_id: str | None = None,
        on_sent: OnSent | None = None,
        **options: Unpack[TranscribeOptions],
    ) -> Transcript:
        """Transcribe a recording, and wait for it.

        Args:
            recording: a path, an open file that can seek, or the bytes of a recording in any usual
                format, or of a video with sound.
            name: what it is called, if it is no path.
            request_id: by which :meth:`progress` knows it meanwhile.
            on_sent: is told how many bytes of how many have been sent.
            options: The parameters of ``POST /asr``, such as ``language`` or ``diarize``.

        Raises:
            ServiceError: the service refused, failed or does not answer.
            OSError: the file cannot be read.
        """
        sent = Recording(recording, name)
        return self._transport.run(asking.transcribe(sent, options, request_id, on_sent))

    def render(
        self,
        recording: Source,
        kind: str,
        *,
        name: str = "",
        request_id: str | None = None,
        on_sent: OnSent | None = None,
        **options: Unpack[TranscribeOptions],
    ) -> str:
        """The transcript of a recording as a file: ``text``, ``srt``, ``vtt`` or ``tsv``.

        Takes and raises what :meth:`transcribe` does.
        """
        sent = Recording(recording, name)
        return self._transport.run(asking.render(sent, kind, options, request_id, on_sent))

    def stream(
        self,
        recording: Source,
        *,
        name: str = "",
        on_sent: OnSent | None = None,
        **options: Unpack[StreamOptions],
    ) -> Generator[TextEvent, None, None]:
        """The text of a recording while it is heard: deltas, and at last the whole of it.

        Raises:
            ServiceError: the service refused or failed, before the first delta or between two.
            OSError: the file cannot be read.
        """
        call = asking.streamed(Recording(recording, name), options, on_sent)
        connection = self._transport.connection
        deadline = Deadline(connection.seconds)
        with closing(self._transport.events(call, deadline, connection.retries)) as events:
            for event in events:
                if (told := asking.heard(event)) is not None:
                    yield told

    def progress(self, request_id: str) -> Progress | None:
        """How far a request is; None before its upload is there and after its answer."""
        return self._transport.run(asking.progress(request_id))

    def models(self) -> list[Model]:
        """The Whispers that a request may name, the default one first."""
        return self._transport.run(asking.models())

    def health(self) -> Health:
        """What ``GET /health`` says.

        Raises:
            ServiceError: the service is not healthy or does not answer.
        """
        return self._transport.run(asking.health())

    def identity(self) -> Identity:
        """What the service is, and its version."""
        return self._transport.run(asking.identity())
