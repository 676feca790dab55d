"""The ``diarization`` step: a recording in, its speaker turns out."""

from functools import partial
from itertools import count

from documents import Turns
from pipeline.diarization.diarize import AHEAD, diarize
from pipeline.diarization.recipe import read_recipe
from pipeline.kept_answers import networks
from pipeline.kept_answers.question import Questions
from pipeline.serving.fanout import FanOut
from pipeline.serving.requests_in_flight import IN_FLIGHT, pieces
from pipeline.serving.step import Step, call_leaf
from pipeline.serving.tensors import document_tensors, read_array
from pipeline.serving.urgency import urgency_at


class TritonPythonModel(Step):
    """Windows go to ``segmentation``, stretches to ``speaker_embedding``; the rest is here."""

    def load(self, settings):
        """Prepare the clustering and the windows of both leaves."""
        self.recipe = read_recipe(settings)
        self.networks = networks.of_diarization(settings)
        self.speakers = settings.diarize_min_speakers, settings.diarize_max_speakers
        self.exact = settings.diarization_embedding == "exact"
        self.windows = FanOut(
            settings.pieces_under_way("segmentation"),
            urgency_at("segmentation", settings),
            urgent_pieces=self.recipe.shared_windows,
            turns=self.turns("segmentation"),
        )
        stretches = settings.pieces_under_way("speaker_embedding")
        self.ahead = max(AHEAD, 2 * stretches)
        self.stretches = FanOut(
            stretches,
            urgency_at("speaker_embedding", settings),
            turns=self.turns("speaker_embedding"),
        )

    def answer(self, request, options):
        """Diarize one recording."""
        if not options.diarize:
            return document_tensors(("TURNS", "TURNS_ONWARD"), Turns())
        audio = read_array(request, "AUDIO")[0]
        in_windows, in_stretches = (Questions(*each, options) for each in self.networks.items())
        window_ends, stretch_ends = (count(length, length) for length in self.recipe.lengths)
        with (
            pieces(self.windows, options, measured=True) as windows,
            pieces(self.stretches, options, measured=True) as stretches,
        ):
            turns = diarize(
                audio,
                options.expecting(*self.speakers),
                lambda window: windows.submit(
                    partial(_segment, options, window), next(window_ends), in_windows.about(window)
                ),
                lambda piece, masks: stretches.submit(
                    partial(_embed, options, piece, masks),
                    next(stretch_ends),
                    in_stretches.about(piece, masks),
                ),
                self.recipe,
                self.exact,
                self.ahead,
            )
        seconds = {"diarization": IN_FLIGHT.of(options).seconds}
        turns = turns.model_copy(update={"model": self.recipe.name, "seconds": seconds})
        return document_tensors(("TURNS", "TURNS_ONWARD"), turns)


def _segment(options, window):
    response = call_leaf("segmentation", {"AUDIO": window[None]}, ["SEGMENTATION"], options)
    return read_array(response, "SEGMENTATION")[0].copy()


def _embed(options, audio, masks):
    inputs = {"AUDIO": audio[None], "MASKS": masks[None]}
    response = call_leaf("speaker_embedding", inputs, ["EMBEDDINGS"], options)
    return read_array(response, "EMBEDDINGS")[0].copy()
