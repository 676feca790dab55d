"""The ``alignment`` step: segments of text in, sentences with timed words out."""

from functools import partial

import numpy as np

from documents import Transcript
from pipeline.alignment.align import Emission, align
from pipeline.alignment.ctc import Labels
from pipeline.errors import InvalidRequest, WeightsUnavailable
from pipeline.kept_answers import networks
from pipeline.kept_answers.question import ARRAY, Codec, Questions
from pipeline.leaf_documents import LabelSet
from pipeline.serving.fanout import FanOut
from pipeline.serving.requests_in_flight import IN_FLIGHT, pieces
from pipeline.serving.step import Step, call_leaf, when_loaded
from pipeline.serving.tensors import document_tensors, read_array, read_document
from pipeline.serving.urgency import urgency_at

NO_AUDIO = {"AUDIO": np.zeros((1, 1), np.int16)}


class TritonPythonModel(Step):
    """Words from cross-attention as they came, or timed anew by ``wav2vec2``."""

    def load(self, settings):
        """Prepare the fan-out."""
        self.method = settings.alignment_method
        self.network = partial(networks.wav2vec2, settings=settings)
        self.stretches = FanOut(
            settings.pieces_under_way("wav2vec2"),
            urgency_at("wav2vec2", settings),
            turns=self.turns("wav2vec2"),
        )

    def answer(self, request, options):
        """Align one recording."""
        audio = read_array(request, "AUDIO")[0]
        transcript = read_document(request, "SEGMENTS", Transcript)
        with pieces(self.stretches, options) as stretches:
            emit = self._emit(self.method(options.alignment), transcript, options, stretches)
            aligned = align(audio, transcript, emit)
        aligned.seconds = {**transcript.seconds, "alignment": IN_FLIGHT.of(options).seconds}
        return document_tensors(("WORDS", "WORDS_ONWARD"), aligned)

    def _emit(self, method, transcript, options, stretches):
        """The way to a CTC network for the transcript's language; None where there is none."""
        if method == "attention" or not transcript.segments or options.task == "translate":
            return None
        options = options.model_copy(update={"language": transcript.language})
        try:
            ask = partial(call_leaf, "wav2vec2", NO_AUDIO, ["LABELS"], options)
            # A recording of its own: the first piece of each is sent before others.
            with pieces(self.stretches, options) as questions:
                response = when_loaded(options, lambda: questions.submit(ask).result())
        except (InvalidRequest, WeightsUnavailable):  # its packages are not installed; no weights
            if method == "ctc":
                raise
            return None
        labels = read_document(response, "LABELS", LabelSet)
        labels = Labels(columns=labels.columns, language=transcript.language)
        kept = Codec(lambda emission: ARRAY.pack(emission.log_probabilities), _unpack(labels))
        asked = Questions("wav2vec2", self.network(transcript.language), options, codec=kept)
        return lambda audio: stretches.submit(
            partial(when_loaded, options, partial(_emission, audio, labels, options)),
            question=asked.about(audio),
        )


def _unpack(labels):
    return lambda about, content: Emission(ARRAY.unpack(about, content), labels)


def _emission(audio, labels, options):
    response = call_leaf("wav2vec2", {"AUDIO": audio[None]}, ["EMISSION"], options)
    return Emission(read_array(response, "EMISSION")[0], labels)
