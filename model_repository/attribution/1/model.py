"""The ``attribution`` step: words and turns in, a transcript with speakers out."""

from documents import Transcript, Turns
from pipeline.attribution.attribute import attribute, name_by_appearance, without_words
from pipeline.serving.fanout import FanOut
from pipeline.serving.requests_in_flight import IN_FLIGHT
from pipeline.serving.step import Step
from pipeline.serving.tensors import document_tensor, read_array, read_document
from pipeline.serving.whisper_leaf import WhisperLeaf
from pipeline.transcription.gaps.in_turns import hear_turns

UNDER_WAY = 2  # pieces: short ones, which others' first chunks hardly wait for


class TritonPythonModel(Step):
    """Speakers for the words; words for speakers who seem to say nothing, from ``whisper``."""

    IS_LAST = True

    def load(self, settings):
        """Prepare the fan-out, and keep whether words in nobody's turn have a speaker."""
        self.fill_nearest = settings.diarize_fill_nearest
        pieces = FanOut(UNDER_WAY, turns=self.turns("whisper"))
        self.whisper = WhisperLeaf(settings, pieces, self.meters)

    def answer(self, request, options):
        """Attribute the words of one recording."""
        transcript = read_document(request, "WORDS", Transcript)
        turns = read_document(request, "TURNS", Turns)
        transcript = transcript.model_copy(update={"diarization_model": turns.model})
        if not options.return_speaker_embeddings:
            turns = turns.model_copy(update={"speaker_embeddings": {}})
        in_flight = IN_FLIGHT.of(options)
        attributed = attribute(transcript, turns, in_flight.check, self.fill_nearest)
        if self.whisper.hears_gaps(options):
            audio = read_array(request, "AUDIO")[0]
            with self.whisper.gap_recogniser(options) as recognise:
                attributed = hear_turns(audio, attributed, turns.turns, options, recognise)
        if not options.word_timestamps:
            attributed = without_words(attributed)
        given = [voice.name for voice in options.known_voices]
        attributed = name_by_appearance(attributed, turns.names, given)
        seconds = {**transcript.seconds, **turns.seconds, "attribution": in_flight.seconds}
        attributed.seconds = seconds
        return [document_tensor("TRANSCRIPT", attributed)]
