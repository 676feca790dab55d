"""The ``transcription`` step: a recording in, a segment of text for each chunk out."""

from pipeline.serving.fanout import FanOut
from pipeline.serving.requests_in_flight import IN_FLIGHT
from pipeline.serving.step import Step
from pipeline.serving.tensors import document_tensors, read_array
from pipeline.serving.urgency import urgency_at
from pipeline.serving.whisper_leaf import WhisperLeaf
from pipeline.transcription.transcribe import detect_language, transcribe
from pipeline.transcription.voice_activity import VoiceActivityDetector


class TritonPythonModel(Step):
    """Voice activity and chunking here, the chunks fanned out to ``whisper``."""

    def load(self, settings):
        """Prepare the detector and the fan-out."""
        self.detector = VoiceActivityDetector()
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
        work = detect_language if options.detect_language else transcribe
        with self.whisper.recogniser(options) as recognise:
            model = self.whisper.model(options)
            transcript = work(audio, options, detector, recognise, model)
        transcript.seconds = {"transcription": IN_FLIGHT.of(options).seconds}
        return document_tensors(("SEGMENTS", "SEGMENTS_ONWARD"), transcript)
