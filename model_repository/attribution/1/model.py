"""The ``attribution`` step: words and turns in, a transcript with speakers out."""

from documents import Transcript, Turns
from pipeline.attribution.attribute import attribute, name_by_appearance
from pipeline.serving.requests_in_flight import IN_FLIGHT
from pipeline.serving.step import Step
from pipeline.serving.tensors import document_tensor, read_document


class TritonPythonModel(Step):
    """No network and no waiting: the one step that only computes."""

    IS_LAST = True

    def load(self, settings):
        """Keep whether words in nobody's turn have a speaker."""
        self.fill_nearest = settings.diarize_fill_nearest

    def answer(self, request, options):
        """Attribute the words of one recording."""
        transcript = read_document(request, "WORDS", Transcript)
        turns = read_document(request, "TURNS", Turns)
        transcript = transcript.model_copy(update={"diarization_model": turns.model})
        if not options.return_speaker_embeddings:
            turns = turns.model_copy(update={"speaker_embeddings": {}})
        in_flight = IN_FLIGHT.of(options)
        attributed = attribute(
            transcript, turns, options.word_timestamps, in_flight.check, self.fill_nearest
        )
        given = [voice.name for voice in options.known_voices]
        attributed = name_by_appearance(attributed, turns.names, given)
        seconds = {**transcript.seconds, **turns.seconds, "attribution": in_flight.seconds}
        attributed.seconds = seconds
        return [document_tensor("TRANSCRIPT", attributed)]
