"""From a request to its upload, for which there is a place or room in the line for one."""

import contextlib
import dataclasses
from collections.abc import AsyncIterator, Sequence

from fastapi import Request

from adapter.asr.parameters import flag
from adapter.intake.uploads import Upload, drain, receive_upload
from adapter.service import Service
from adapter.telemetry.record import UPLOAD, current
from adapter.waiting.places import client_of, owner_of
from pipeline.errors import Overloaded


@contextlib.asynccontextmanager
async def received(
    request: Request, service: Service, parts: Sequence[str]
) -> AsyncIterator[Upload]:
    """The request's upload, whose file has one of these names.

    Who sends slowly takes neither a place nor room in the line while he sends.  Before
    a recording is sent, a service that has neither says so.  It waits for its place when
    it is to be worked on (:meth:`Service.transcribe`): what is wrong with a request is
    told before.

    Raises:
        Overloaded: there is no place for another one, and too many wait.
        PipelineError: the upload cannot be used, see :func:`receive_upload`.
    """
    client = client_of(request)
    current().trace()
    async with contextlib.AsyncExitStack() as held:
        with current().stage(UPLOAD), contextlib.ExitStack() as sending:
            try:
                service.recordings.check(client)
                sending.enter_context(service.uploads.take(client))
            except Overloaded:
                await drain(request)
                raise
            arriving = receive_upload(request, service.settings, parts)
            upload = await held.enter_async_context(arriving)
        held.enter_context(service.in_flight.shown(current(), owner_of(request)))
        patience = service.waiting.patience(service.settings.max_wait_seconds, client)
        yield dataclasses.replace(upload, patience=patience, fresh=_wants_fresh(request))


def _wants_fresh(request: Request) -> bool:
    """Whether the request says so beside its form: by a header, or in the query."""
    directives = request.headers.get("cache-control", "").lower().split(",")
    if "no-store" in map(str.strip, directives):
        return True
    asked = request.query_params.get("reuse", "").strip()
    return bool(asked) and not flag("reuse", asked)
