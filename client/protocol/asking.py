"""What can be asked of the service, as calls to make and answers to read."""

import json
from urllib.parse import quote

from client.errors import (
    JobFailedError,
    NotFoundError,
    ServiceError,
    TimedOutError,
    UnavailableError,
    UnreachableError,
)
from client.protocol.calls import Answer, Call, Json, Operation, Repeat
from client.protocol.events import Event
from client.protocol.options import (
    DEFAULT_MODEL,
    Options,
    StreamOptions,
    TranscribeOptions,
    job_fields,
    parameters,
)
from client.protocol.recordings import OnSent, Recording, bare, form
from client.results import (
    Health,
    Identity,
    Job,
    Model,
    Progress,
    TextDelta,
    TextDone,
    TextEvent,
    read_transcript,
)
from documents import Transcript

HEALTH_SECONDS = 10.0
ASK_SECONDS = 60.0  # for what needs no work
LIST_PAGE = 100
CREATE_ATTEMPTS = 3
ANSWERED = (*("json", "text"), *("srt", "vtt", "tsv"))  # of /asr
FILES = ("json", "txt", "srt", "vtt", "tsv")  # of a job


def health() -> Operation[Health]:
    """``GET /health``."""
    answer = yield Call("GET", "/health", seconds=HEALTH_SECONDS, repeat=Repeat.NEVER)
    return Health.model_validate(answer.json())


def identity() -> Operation[Identity]:
    """``GET /``."""
    headers = {"Accept": "application/json"}
    answer = yield Call("GET", "/", headers=headers, seconds=HEALTH_SECONDS, repeat=Repeat.NEVER)
    try:
        return Identity.model_validate(answer.json())
    except ServiceError:
        return Identity()


def models() -> Operation[list[Model]]:
    """``GET /v1/models``."""
    answer = yield Call("GET", "/v1/models", seconds=ASK_SECONDS)
    return [Model.model_validate(model) for model in answer.json().get("data", [])]


def transcribe(
    recording: Recording, options: TranscribeOptions, request_id: str | None, on_sent: OnSent | None
) -> Operation[Transcript]:
    """``POST /asr``, whose answer is waited for."""
    answer = yield _asr(recording, options, "json", request_id, on_sent)
    return read_transcript(answer.json())


def render(
    recording: Recording,
    kind: str,
    options: TranscribeOptions,
    request_id: str | None,
    on_sent: OnSent | None,
) -> Operation[str]:
    """``POST /asr`` as the text of a file: text, srt, vtt or tsv."""
    answer = yield _asr(recording, options, kind, request_id, on_sent)
    return str(answer.json()[kind])


def _asr(
    recording: Recording,
    options: TranscribeOptions,
    output: str,
    request_id: str | None,
    on_sent: OnSent | None,
) -> Call:
    params = {**parameters(options), "output": output}
    headers = {"Accept": "application/json"}
    if request_id:
        headers["X-Request-ID"] = request_id
    body = form("audio_file", recording, {}, on_sent)
    return Call("POST", "/asr", params, body=body, headers=headers)


def progress(request_id: str) -> Operation[Progress | None]:
    """How far a request is; None where the service does not know it (any more)."""
    path = f"/progress/{_id(request_id)}"
    try:
        answer = yield Call("GET", path, seconds=HEALTH_SECONDS, repeat=Repeat.NEVER)
    except NotFoundError:
        return None
    return Progress.model_validate(answer.json())


def streamed(recording: Recording, options: StreamOptions, on_sent: OnSent | None) -> Call:
    """``POST /v1/audio/transcriptions``, whose answer is events."""
    fields = {"model": DEFAULT_MODEL, "response_format": "json", "stream": "true"}
    body = form("file", recording, {**fields, **parameters(options)}, on_sent)
    return Call("POST", "/v1/audio/transcriptions", body=body)


def heard(event: Event) -> TextEvent | None:
    """What an event of such an answer tells.

    Raises:
        ServiceError: that it ends early, and why.
    """
    kind = event.data.get("type", event.name)
    if kind == "transcript.text.delta":
        return TextDelta(text=event.data["delta"])
    if kind == "transcript.text.done":
        return TextDone(text=event.data["text"])
    if kind == "error":
        content = json.dumps({"error": event.data.get("error", event.data)})
        raise Answer(500, {}, content.encode()).error
    return None


def submit(recording: Recording, options: Options, on_sent: OnSent | None) -> Operation[Job]:
    """Leave a recording: ``POST /v2/upload`` and ``POST /v2/transcript``.

    A job whose answer was lost is looked for before another one is made: the address of an upload
    is only this one's.
    """
    fields = job_fields(options)
    answer = yield Call("POST", "/v2/upload", body=bare(recording, on_sent))
    fields["audio_url"] = answer.json()["upload_url"]
    create = Call(
        "POST", "/v2/transcript", json=fields, seconds=ASK_SECONDS, repeat=Repeat.IF_REFUSED
    )
    for attempt in range(1, CREATE_ATTEMPTS + 1):
        try:
            answer = yield create
        except (UnreachableError, TimedOutError, UnavailableError):
            found = yield from _of_upload(fields["audio_url"])
            if found is not None:
                return found
            if attempt == CREATE_ATTEMPTS:
                raise
        else:
            break
    return _job(answer.json())


def _of_upload(url: str) -> Operation[Job | None]:
    answer = yield _listing(LIST_PAGE, None, None)
    for item in answer.json().get("transcripts", []):
        if item.get("audio_url") == url:
            return _job(item)
    return None


def read(job: str) -> Operation[Job]:
    """``GET /v2/transcript/{id}``."""
    answer = yield Call("GET", f"/v2/transcript/{_id(job)}", seconds=ASK_SECONDS)
    return _job(answer.json())


def list_jobs(limit: int, status: str | None) -> Operation[list[Job]]:
    """``GET /v2/transcript``, page after page, the newest first."""
    found: list[Job] = []
    while len(found) < limit:
        before = found[-1].id if found else None
        answer = yield _listing(min(limit - len(found), LIST_PAGE), status, before)
        page = [_job(item) for item in answer.json().get("transcripts", [])]
        if not page:
            break
        found += page
    return found


def _listing(limit: int, status: str | None, before: str | None) -> Call:
    given = {"limit": str(limit), "status": status, "before_id": before}
    params = {name: text for name, text in given.items() if text is not None}
    return Call("GET", "/v2/transcript", params, seconds=ASK_SECONDS)


def cancel(job: str) -> Operation[bool]:
    """``DELETE /v2/transcript/{id}``; whether it was there."""
    try:
        yield Call("DELETE", f"/v2/transcript/{_id(job)}", seconds=ASK_SECONDS)
    except NotFoundError:
        return False
    return True


def result(job: str) -> Operation[Transcript]:
    """The transcript of a job that has ended.

    Raises:
        JobFailedError: it has none.
    """
    answer = yield _file(job, "json")
    return read_transcript(answer.json())


def text(job: str, kind: str) -> Operation[str]:
    """The transcript of a job that has ended, as a file: txt, srt, vtt or tsv."""
    answer = yield _file(job, kind)
    return answer.text


def _file(job: str, kind: str) -> Call:
    if kind not in FILES:
        raise ValueError(f"kind: {kind!r} is none; there are {', '.join(FILES)}")
    return Call("GET", f"/v2/transcript/{_id(job)}/{kind}", seconds=ASK_SECONDS * 5)


def followed(job: str) -> Call:
    """``GET /v2/transcript/{id}/events``, whose answer is events until the job has ended."""
    return Call("GET", f"/v2/transcript/{_id(job)}/events")


def told(event: Event) -> Progress:
    """What an event of such an answer tells."""
    return Progress.model_validate(event.data)


def outcome(job: str, last: Progress) -> None:
    """Nothing, if a job has ended well.

    Raises:
        JobFailedError: it has not.
    """
    if last.status == "deleted":
        raise JobFailedError(job, "the job was cancelled")
    if last.status != "completed":
        raise JobFailedError(job, last.error or "the job failed, and no reason is given")


def _job(shape: Json) -> Job:
    return Job.model_validate({**shape, "audio_seconds": shape.get("audio_duration")})


def _id(text: str) -> str:
    return quote(text, safe="")
