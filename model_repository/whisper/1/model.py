"""The ``whisper`` leaf: chunks of any recordings in, their text and word times out."""

from collections import defaultdict
from contextlib import ExitStack

from pipeline.errors import PipelineError
from pipeline.options import Options
from pipeline.serving.leaf import Leaf
from pipeline.serving.metrics.loaded_networks import LoadedNetworks
from pipeline.serving.tensors import document_tensor, read_array
from pipeline.transcription.chunking import Chunk


class TritonPythonModel(Leaf):
    """Several Whisper sizes by name; the chunks of a batch that ask for one size run together."""

    def load(self, settings):
        """Load the default size; others when a request first names them."""
        # Not before the leaf has taken its card: CTranslate2 brings a CUDA runtime.
        from pipeline.transcription.whisper_models import WhisperModels

        on_load_change = LoadedNetworks(self.meters)
        self.models = WhisperModels(settings, on_load_change)

    def prepare(self, options):
        """Have the size loaded that the options name."""
        with self.models.use(options.model):
            pass

    def infer(self, requests):
        """Recognise one batch of chunks."""
        with ExitStack() as in_use:
            return self._recognise(requests, in_use)

    def _recognise(self, requests, in_use):
        answers = [None] * len(requests)
        by_work = defaultdict(list)
        for index, request in enumerate(requests):
            try:
                options = Options.from_parameters(request.parameters())
                options.check_deadline()
                recogniser = in_use.enter_context(self.models.use(options.model))
                recogniser.check(options)
                chunk = Chunk(read_array(request, "AUDIO")[0], options)
                work = recogniser.detect if options.detect_language else recogniser.recognise
                by_work[self.models.name_of(options.model), work].append((index, chunk))
            except PipelineError as failure:
                answers[index] = failure
        for (network, work), numbered in by_work.items():
            indexes, chunks = zip(*numbered, strict=True)
            for index, answer in zip(indexes, self.together(work, chunks, network), strict=True):
                answers[index] = answer
        return [
            answer
            if isinstance(answer, Exception)
            else [document_tensor("CHUNK_TRANSCRIPT", answer)]
            for answer in answers
        ]
