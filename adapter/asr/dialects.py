"""How answers of ``/asr`` are dressed: as WhisperX's service does it, or whisper-asr-webservice.

They differ in what they answer where nothing is asked for, and in the body: WhisperX's service
answers JSON always (``{"srt": "…"}``), unless the client says by ``Accept`` that it would
rather have the text itself; whisper-asr-webservice answers the text itself always, JSON
included, and calls all of it ``text/plain``.
(https://github.com/ahmetoner/whisper-asr-webservice, app/webservice.py and app/utils.py)
"""

from urllib.parse import quote

from fastapi.responses import Response

from adapter.asr.parameters import Parameters
from adapter.formats.transcripts import Json, as_text, encoded, render, without_nan
from documents import Segment, Transcript

MEDIA_TYPES = {
    "text": "text/plain",
    "srt": "application/x-subrip",
    "vtt": "text/vtt",
    "tsv": "text/tab-separated-values",
}
ENGINE = {"Asr-Engine": "triton-asr"}


def respond(transcript: Transcript, parameters: Parameters, filename: str) -> Response:
    """The answer to a request of ``/asr``.

    Args:
        filename: what the client called the recording.
    """
    output = parameters.output
    if parameters.dialect == "webservice":
        extension = "txt" if output == "text" else output
        name = f"{quote(filename, safe='', errors='replace')}.{extension}"
        headers = {**ENGINE, "Content-Disposition": f'attachment; filename="{name}"'}
        return Response(_webservice(transcript, parameters), 200, headers, "text/plain")
    shape = render(transcript, output)
    if parameters.plain:
        return Response(shape[output], media_type=f"{MEDIA_TYPES[output]}; charset=utf-8")
    return Response(encoded(shape), media_type="application/json")


def _webservice(transcript: Transcript, parameters: Parameters) -> str | bytes:
    lines = [" ".join(segment.text.split()) for segment in transcript.segments]
    if parameters.output == "text":
        return "".join(f"{line}\n" for line in lines)
    if parameters.output == "tsv":
        times = [(round(1000 * s.start), round(1000 * s.end)) for s in transcript.segments]
        rows = [f"{start}\t{end}\t{line}" for (start, end), line in zip(times, lines, strict=True)]
        return "".join(f"{row}\n" for row in ("start\tend\ttext", *rows))
    if parameters.output == "json":
        return encoded(_whisper_json(transcript, parameters), (", ", ": "))
    return str(render(transcript, parameters.output)[parameters.output])


def _whisper_json(transcript: Transcript, parameters: Parameters) -> Json:
    """OpenAI Whisper's shape, ``text`` being the whole text, and speakers where they are known."""
    shape: Json = {
        "text": as_text(transcript),
        "segments": [
            _whisper_segment(number, segment, parameters.words)
            for number, segment in enumerate(transcript.segments)
        ],
        "language": transcript.language,
    }
    if transcript.speaker_embeddings is not None:
        shape["speaker_embeddings"] = render(transcript, "json")["speaker_embeddings"]
    return without_nan(shape)


def _whisper_segment(number: int, segment: Segment, word_timestamps: bool) -> Json:
    shape: Json = {
        "id": number,
        "seek": round(100 * segment.start),  # in Whisper's frames of 10 ms
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "tokens": segment.tokens,
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
        "speaker": segment.speaker,
    }
    if word_timestamps:
        shape["words"] = [
            {
                "word": word.word,
                "start": round(word.start, 3),
                "end": round(word.end, 3),
                "probability": round(word.score, 3),
            }
            for word in segment.words
        ]
    return {key: value for key, value in shape.items() if value is not None}
