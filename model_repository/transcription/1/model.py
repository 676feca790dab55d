"""The ``transcription`` step: a recording in, a segment of text for each chunk out."""

from functools import partial

from pipeline.documents import ChunkTranscript
from pipeline.serving.fanout import FanOut
from pipeline.serving.step import Step, call_leaf
from pipeline.serving.tensors import document_tensors, read_array, read_document
from pipeline.serving.urgency import urgency_at
from pipeline.transcription import detect_language, transcribe
from pipeline.voice_activity import VoiceActivityDetector


class TritonPythonModel(Step):
    """Voice activity and chunking here, the chunks fanned out to ``whisper``."""

    def load(self, settings):
        """Prepare the detector and the fan-out."""
        self.default_model = settings.default_model
        self.detector = VoiceActivityDetector()
        self.chunks = FanOut(
            settings.batches_under_way * settings.whisper_batch_size,
            urgency_at("whisper", settings),
        )

    def answer(self, request, options):
        """Transcribe one recording."""
        audio = read_array(request, "AUDIO")[0]
        work = detect_language if options.detect_language else transcribe
        with self.chunks.recording() as recording:
            transcript = work(
                audio,
                options,
                self.detector,
                lambda chunk: recording.submit(partial(_recognise, chunk)),
                options.model or self.default_model,
            )
        return document_tensors(("SEGMENTS", "SEGMENTS_ONWARD"), transcript)


def _recognise(chunk):
    response = call_leaf(
        "whisper", {"AUDIO": chunk.audio[None]}, ["CHUNK_TRANSCRIPT"], chunk.options
    )
    return read_document(response, "CHUNK_TRANSCRIPT", ChunkTranscript)
