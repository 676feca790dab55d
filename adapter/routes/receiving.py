"""From a request to its upload and a place among the recordings that are worked on."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from fastapi import Request

from adapter.intake.uploads import Upload, drain, receive_upload
from adapter.places import client_of
from adapter.service import Service, unless_gone
from adapter.telemetry.record import UPLOAD, WAIT, current
from pipeline.errors import Overloaded


@contextlib.asynccontextmanager
async def received(
    request: Request, service: Service, parts: Sequence[str]
) -> AsyncIterator[Upload]:
    """The request's upload, whose file has one of these names, once there is a place for it.

    Who sends slowly takes none while he sends.  Before a recording is sent, a service
    that has no place says so; what has been sent is not lost, and waits for one.

    Raises:
        Overloaded: there is no place for another one, or none became free.
        ClientGone: it hung up while it waited.
        PipelineError: the upload cannot be used, see :func:`receive_upload`.
    """
    client = client_of(request)
    current().trace()
    async with contextlib.AsyncExitStack() as held:
        with current().stage(UPLOAD):
            try:
                service.recordings.check(client)
                held.enter_context(service.uploads.take(client))
            except Overloaded:
                await drain(request)
                raise
            arriving = receive_upload(request, service.settings, parts)
            upload = await held.enter_async_context(arriving)
        place = service.recordings.wait(client, service.settings.request_timeout_seconds)
        with current().stage(WAIT):
            await unless_gone(request, held.enter_async_context(place))
        yield upload
