"""The ``diarization`` step: a recording in, its speaker turns out."""

from functools import partial

from pipeline.diarization.diarize import diarize
from pipeline.diarization.recipe import read_recipe
from pipeline.documents import Turns
from pipeline.serving.fanout import FanOut
from pipeline.serving.step import Step, call_leaf
from pipeline.serving.tensors import document_tensors, read_array
from pipeline.serving.work import pieces

# Pieces under way: a batch of each leaf on a CPU, and two on a GPU.
WINDOWS = {"cpu": 8, "cuda": 64}
STRETCHES = {"cpu": 1, "cuda": 4}


class TritonPythonModel(Step):
    """Windows go to ``segmentation``, stretches to ``speaker_embedding``; the rest is here."""

    def load(self, settings):
        """Prepare the clustering and the windows of both leaves."""
        self.recipe = read_recipe(settings)
        self.exact = settings.diarization_embedding == "exact"
        self.windows = FanOut(WINDOWS[settings.torch_device])
        self.stretches = FanOut(STRETCHES[settings.torch_device])

    def answer(self, request, options):
        """Diarize one recording."""
        if not options.diarize:
            return document_tensors(("TURNS", "TURNS_ONWARD"), Turns())
        audio = read_array(request, "AUDIO")[0]
        with pieces(self.windows, options) as windows, pieces(self.stretches, options) as stretches:
            turns = diarize(
                audio,
                options,
                lambda window: windows.submit(partial(_segment, options, window)),
                lambda piece, masks: stretches.submit(partial(_embed, options, piece, masks)),
                self.recipe,
                self.exact,
            )
        return document_tensors(("TURNS", "TURNS_ONWARD"), turns)


def _segment(options, window):
    response = call_leaf("segmentation", {"AUDIO": window[None]}, ["SEGMENTATION"], options)
    return read_array(response, "SEGMENTATION")[0].copy()


def _embed(options, audio, masks):
    inputs = {"AUDIO": audio[None], "MASKS": masks[None]}
    response = call_leaf("speaker_embedding", inputs, ["EMBEDDINGS"], options)
    return read_array(response, "EMBEDDINGS")[0].copy()
