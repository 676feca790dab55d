"""``/v1``: OpenAI's audio API and its list of models."""

import contextlib
import dataclasses

from fastapi import APIRouter, Request
from fastapi.responses import Response

from adapter.intake.references import pair
from adapter.intake.uploads import Upload
from adapter.openai.documentation import MODEL, MODELS, TRANSCRIPTION, TRANSLATION
from adapter.openai.events import EventStream, server_sent_events
from adapter.openai.formats import Json, render
from adapter.openai.models import all_models, one_model
from adapter.openai.parameters import Parameters, read_form
from adapter.routes.receiving import received
from adapter.service import Service, unless_gone
from adapter.threads import in_thread
from adapter.triton.streaming import OnSegment, partial_transcripts

router = APIRouter(prefix="/v1", tags=["OpenAI"])

PARTS = ("file", "audio_file")


@router.post(
    "/audio/transcriptions",
    summary="Transcribe a recording",
    response_class=Response,
    openapi_extra=TRANSCRIPTION,
)
async def transcribe(request: Request) -> Response:
    """OpenAI's ``audio.transcriptions.create``."""
    return await _answer(request, "transcribe")


@router.post(
    "/audio/translations",
    summary="Translate a recording into English",
    response_class=Response,
    openapi_extra=TRANSLATION,
)
async def translate(request: Request) -> Response:
    """OpenAI's ``audio.translations.create``."""
    return await _answer(request, "translate")


async def _answer(request: Request, task: str) -> Response:
    service: Service = request.app.state.service
    async with contextlib.AsyncExitStack() as stack:
        held = await stack.enter_async_context(contextlib.AsyncExitStack())
        upload = await held.enter_async_context(received(request, service, PARTS))
        parameters = read_form(upload.fields, task, service.settings)
        diarizes, choice = parameters.options.diarize, parameters.choice
        references = pair(parameters.names, upload.clips, diarizes, choice)
        upload = dataclasses.replace(upload, references=references, choice=choice)
        if not parameters.stream:
            work = service.transcribe(upload, parameters.options, parameters.document)
            return await in_thread(render, await unless_gone(request, work), parameters)

        async def transcribe_streaming(on_segment: OnSegment) -> None:
            # The disk is given back when the work is done, however slowly its client reads.
            async with held:
                await _transcribe_streaming(service, upload, parameters, on_segment)

        events = server_sent_events(partial_transcripts(transcribe_streaming), parameters)
        stack.push_async_callback(events.aclose)
        first = await unless_gone(request, anext(events))
        return EventStream(first, events, stack.pop_all())


async def _transcribe_streaming(
    service: Service, upload: Upload, parameters: Parameters, on_segment: OnSegment
) -> None:
    if parameters.options.diarize:  # the speakers of a part are known when the whole has been heard
        on_segment(await service.transcribe(upload, parameters.options, parameters.document))
    else:
        await service.transcribe(upload, parameters.options, parameters.document, on_segment)


@router.get("/models", summary="Which models there are", openapi_extra=MODELS)
async def list_models(request: Request) -> Json:
    """OpenAI's ``models.list``; the first one is the default."""
    service: Service = request.app.state.service
    default = await _default_model(service)
    return {"object": "list", "data": all_models(default, service.settings)}


@router.get("/models/{name:path}", summary="One of the models", openapi_extra=MODEL)
async def retrieve_model(request: Request, name: str) -> Json:
    """OpenAI's ``models.retrieve``; a name may hold slashes."""
    service: Service = request.app.state.service
    return one_model(name, await _default_model(service), service.settings)


async def _default_model(service: Service) -> str:
    about = await service.engine.describe()
    return str(about.get("default_model") or service.settings.default_model)
