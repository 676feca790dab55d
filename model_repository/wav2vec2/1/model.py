"""The ``wav2vec2`` leaf: stretches of audio in, CTC emissions out."""

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
        """Emissions of one batch."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        try:
            options = Options.from_parameters(request.parameters())
            options.check_deadline()
            wanted = request.requested_output_names()
            tensors = []
            with self.networks.use(options.language) as network:
                if "EMISSION" in wanted:
                    emission = network.emission(read_array(request, "AUDIO")[0])
                    tensors.append(array_tensor("EMISSION", emission[None]))
                if "LABELS" in wanted:
                    labels = LabelSet(columns=network.labels.columns)
                    tensors.append(document_tensor("LABELS", labels))
            return tensors
        except (PipelineError, RuntimeError) as failure:
            return failure
