"""What a folder of weights must hold, for each kind of network.

Only these files of a repository are fetched, by their exact names.
"""

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Kind:
    """A kind of network, with a folder of its own in the cache."""

    name: str  # as it follows «is no»
    folder: str  # under CACHE_DIR/weights
    needed: tuple[tuple[str, ...], ...]  # of each, one must be there; the first that is is taken
    optional: tuple[str, ...] = ()

    def chosen(self, there: Container[str]) -> list[str]:
        """The files to take of those that are there."""
        needed = [next(filter(there.__contains__, names), None) for names in self.needed]
        return [*filter(None, needed), *filter(there.__contains__, self.optional)]

    def missing(self, there: Container[str]) -> list[str]:
        """What must be there and is not."""
        return [
            " or ".join(names) for names in self.needed if not any(name in there for name in names)
        ]

    def missing_in(self, folder: Path) -> list[str]:
        """The same of a folder."""
        names = (name for names in self.needed for name in names)
        return self.missing({name for name in names if (folder / name).is_file()})

    def is_complete(self, folder: Path) -> bool:
        """Whether a folder can be used."""
        return not self.missing_in(folder)


WHISPER = Kind(
    "Whisper in CTranslate2's format",
    "whisper",
    (
        ("config.json",),
        ("model.bin",),
        ("tokenizer.json",),
        ("vocabulary.json", "vocabulary.txt"),
    ),
    ("preprocessor_config.json",),
)
SEGMENTATION = Kind("segmentation-3.0 in ONNX", "segmentation", (("onnx/model.onnx",),))
SPEAKER_EMBEDDING = Kind(
    "ECAPA-TDNN of SpeechBrain's",
    "speaker_embedding",
    (("embedding_model.ckpt",), ("hyperparams.yaml",), ("mean_var_norm_emb.ckpt",)),
)
COMMUNITY = Kind(
    "diarization pipeline like community-1",
    "diarization",
    (
        ("config.yaml",),
        ("embedding/pytorch_model.bin",),
        ("plda/plda.npz",),
        ("plda/xvec_transform.npz",),
        ("segmentation/pytorch_model.bin",),
    ),
)
WAV2VEC2 = Kind(
    "wav2vec2 for transformers",
    "wav2vec2",
    (
        ("config.json",),
        ("preprocessor_config.json", "processor_config.json"),
        ("vocab.json", "tokenizer.json"),
        ("model.safetensors", "pytorch_model.bin"),
    ),
    ("added_tokens.json", "special_tokens_map.json", "tokenizer_config.json"),
)


def torchaudio_network(file: str) -> Kind:
    """One of torchaudio's networks, which are a file each."""
    return Kind("network of torchaudio's", "wav2vec2", ((file,),))
