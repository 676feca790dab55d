"""The ``transcription_stream`` step: a recording in, its segments of text out one by one."""

from pipeline.serving.fanout import FanOut
from pipeline.serving.requests_in_flight import IN_FLIGHT
from pipeline.serving.streaming_step import StreamingStep
from pipeline.serving.tensors import document_tensor, read_array
from pipeline.serving.urgency import urgency_at
from pipeline.serving.whisper_leaf import WhisperLeaf
from pipeline.transcription.transcribe import transcribe_in_parts
from pipeline.transcription.voice_activity import VoiceActivityDetector


class TritonPythonModel(StreamingStep):
    """What ``transcription`` does, told while it is being done."""

    def load(self, settings):
        """Prepare the detector and the fan-out."""
        self.detector = VoiceActivityDetector()
        # `transcription` is another process and has a window of its own: where both kinds of
        # requests are in flight, twice as many chunks are under way.
        chunks = FanOut(
            settings.pieces_under_way("whisper"),
            urgency_at("whisper", settings),
            turns=self.turns("whisper"),
        )
        self.whisper = WhisperLeaf(settings, chunks, self.meters)

    def answer(self, request, options):
        """Transcribe one recording."""
        audio = read_array(request, "AUDIO")[0]
        detector = self.detector.cancellable(IN_FLIGHT.of(options).check)
        with self.whisper.recogniser(options) as recognise:
            model = self.whisper.model(options)
            for part in transcribe_in_parts(audio, options, detector, recognise, model):
                part.seconds = {"transcription": IN_FLIGHT.of(options).seconds}
                yield [document_tensor("SEGMENTS", part)]
