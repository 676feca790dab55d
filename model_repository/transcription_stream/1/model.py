"""The ``transcription_stream`` step: a recording in, its segments of text out one by one."""

from functools import partial

from pipeline.documents import ChunkTranscript
from pipeline.serving.fanout import FanOut
from pipeline.serving.step import call_leaf
from pipeline.serving.streaming_step import StreamingStep
from pipeline.serving.tensors import document_tensor, read_array, read_document
from pipeline.transcription import transcribe_in_parts
from pipeline.voice_activity import VoiceActivityDetector


class TritonPythonModel(StreamingStep):
    """What ``transcription`` does, told while it is being done."""

    def load(self, settings):
        """Prepare the detector and the fan-out."""
        self.default_model = settings.default_model
        self.detector = VoiceActivityDetector()
        # `transcription` is another process and has a window of its own: where both kinds of
        # requests are in flight, twice as many chunks are under way.
        self.chunks = FanOut(settings.batches_under_way * settings.whisper_batch_size)

    def answer(self, request, options):
        """Transcribe one recording."""
        audio = read_array(request, "AUDIO")[0]
        with self.chunks.recording() as recording:
            for part in transcribe_in_parts(
                audio,
                options,
                self.detector,
                lambda chunk: recording.submit(partial(_recognise, chunk)),
                options.model or self.default_model,
            ):
                yield [document_tensor("SEGMENTS", part)]


def _recognise(chunk):
    response = call_leaf(
        "whisper", {"AUDIO": chunk.audio[None]}, ["CHUNK_TRANSCRIPT"], chunk.options
    )
    return read_document(response, "CHUNK_TRANSCRIPT", ChunkTranscript)
