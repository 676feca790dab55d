"""The ``wav2vec2`` leaf: stretches of audio in, CTC emissions out."""

from collections import defaultdict
from contextlib import ExitStack

from pipeline.alignment.networks import AlignmentNetworks
from pipeline.errors import PipelineError
from pipeline.leaf_documents import LabelSet
from pipeline.options import Options
from pipeline.serving.leaf import Leaf
from pipeline.serving.metrics.loaded_networks import LoadedNetworks
from pipeline.serving.tensors import array_tensor, document_tensor, read_array


class TritonPythonModel(Leaf):
    """WhisperX's networks, one for each language, loaded when they are first asked for."""

    def load(self, settings):
        """Load nothing yet: the language is not known."""
        on_load_change = LoadedNetworks(self.meters)
        self.networks = AlignmentNetworks(settings, on_load_change)

    def infer(self, requests):
        """Emissions of one batch, the stretches of one language together."""
        with ExitStack() as in_use:
            return self._infer(requests, in_use)

    def _infer(self, requests, in_use):
        answers = [[] for _ in requests]
        by_language = defaultdict(list)
        networks = {}
        for index, request in enumerate(requests):
            try:
                options = Options.from_parameters(request.parameters())
                options.check_deadline()
                language = options.language
                network = in_use.enter_context(self.networks.use(language))
                networks[language] = network
                wanted = request.requested_output_names()
                if "LABELS" in wanted:
                    labels = LabelSet(columns=network.labels.columns)
                    answers[index].append(document_tensor("LABELS", labels))
                if "EMISSION" in wanted:
                    by_language[language].append((index, read_array(request, "AUDIO")[0]))
            except PipelineError as failure:
                answers[index] = failure
        for language, numbered in by_language.items():
            indexes, stretches = zip(*numbered, strict=True)
            emissions = self.together(networks[language].emissions, stretches, language)
            for index, emission in zip(indexes, emissions, strict=True):
                if isinstance(emission, Exception):
                    answers[index] = emission
                else:
                    answers[index].append(array_tensor("EMISSION", emission[None]))
        return answers
