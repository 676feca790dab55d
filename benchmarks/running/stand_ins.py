"""Networks whose weights cannot be had here: the real architecture, so the real cost.

Their answers mean nothing, and accuracy is never measured with them.
"""

import json
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
import yaml
from pyannote.audio import Model
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import WeSpeakerResNet34
from pyannote.audio.models.segmentation import PyanNet
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
)

SEED = 7
SPEAKERS, SIMULTANEOUS = 3, 2
EMBEDDING, PLDA = 256, 128  # dimensions of community-1
LABELS = ["<pad>", "<s>", "</s>", "<unk>", "|", *"abcdefghijklmnopqrstuvwxyz'"]
# As pyannote's community-1 is configured.
COMMUNITY = {
    "pipeline": {
        "name": "pyannote.audio.pipelines.SpeakerDiarization",
        "params": {
            "clustering": "VBxClustering",
            "segmentation": "$model/segmentation",
            "segmentation_batch_size": 32,
            "embedding": "$model/embedding",
            "embedding_batch_size": 32,
            "embedding_exclude_overlap": True,
            "plda": "$model/plda",
        },
    },
    "params": {
        "clustering": {"threshold": 0.6, "Fa": 0.07, "Fb": 0.8},
        "segmentation": {"min_duration_off": 0.0},
    },
}


def save_wav2vec2_base(folder: Path) -> Path:
    """A wav2vec2-base with random weights, as the hub would hold it."""
    folder.mkdir(parents=True)
    vocabulary = json.dumps({label: i for i, label in enumerate(LABELS)})
    (folder / "vocab.json").write_text(vocabulary, encoding="utf-8")
    torch.manual_seed(SEED)
    network = Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=len(LABELS), pad_token_id=0))
    with torch.no_grad():
        # Untrained logits are almost equal; a real network is sure of most frames.
        network.lm_head.weight.mul_(40)
    network.save_pretrained(folder)
    Wav2Vec2Processor(
        feature_extractor=Wav2Vec2FeatureExtractor(
            feature_size=1, sampling_rate=16_000, padding_value=0.0, do_normalize=True
        ),
        tokenizer=Wav2Vec2CTCTokenizer(str(folder / "vocab.json")),
    ).save_pretrained(folder)
    return folder


def save_community(folder: Path) -> Path:
    """A folder like community-1's.

    The segmentation network is the one that whisperx ships, with real weights:
    which windows have speakers decides what has to be computed.  The ResNet34
    and the PLDA are random.
    """
    (folder / "plda").mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(COMMUNITY), encoding="utf-8")
    torch.manual_seed(SEED)
    _save(WeSpeakerResNet34(), folder / "embedding", _embedding_task())
    _save(_powerset_segmentation(), folder / "segmentation", segmentation_task())
    chance = np.random.default_rng(SEED)
    np.savez(
        folder / "plda" / "xvec_transform.npz",
        mean1=np.zeros(EMBEDDING),
        mean2=np.zeros(PLDA),
        lda=np.linalg.qr(chance.normal(size=(EMBEDDING, PLDA)))[0],
    )
    np.savez(
        folder / "plda" / "plda.npz",
        mu=np.zeros(PLDA),
        tr=np.linalg.qr(chance.normal(size=(PLDA, PLDA)))[0],
        psi=np.linspace(4, 0.1, PLDA),
    )
    return folder


def _powerset_segmentation() -> PyanNet:
    """whisperx's network, which scores each speaker, made to score sets of speakers.

    The score of a set is the sum of its speakers' logits: the likeliest set is then
    that of the speakers who are each likelier to speak than not.
    """
    import whisperx

    shipped = Path(whisperx.__file__).parent / "assets" / "pytorch_model.bin"
    network = Model.from_pretrained(shipped)
    subsets = [
        subset for size in range(SIMULTANEOUS + 1) for subset in combinations(range(SPEAKERS), size)
    ]
    members = torch.tensor([[float(s in subset) for s in range(SPEAKERS)] for subset in subsets])
    single = network.classifier
    network.specifications = segmentation_task()
    network.classifier = torch.nn.Linear(single.in_features, len(subsets))
    with torch.no_grad():
        network.classifier.weight.copy_(members @ single.weight)
        network.classifier.bias.copy_(members @ single.bias)
    network.activation = torch.nn.LogSoftmax(dim=-1)
    return network


def segmentation_task() -> Specifications:
    """Three speakers, two of them at once, in windows of 10 s."""
    return Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=10.0,
        classes=[f"speaker#{number + 1}" for number in range(SPEAKERS)],
        powerset_max_classes=SIMULTANEOUS,
        permutation_invariant=True,
    )


def _embedding_task() -> Specifications:
    return Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0, classes=["one"]
    )


def _save(network: Model, folder: Path, task: Specifications) -> None:
    """Write a checkpoint as Lightning and pyannote do."""
    import lightning
    import pyannote.audio

    folder.mkdir()
    kind = type(network)
    torch.save(
        {
            "state_dict": network.state_dict(),
            "hyper_parameters": dict(network.hparams),
            "hparams_name": "kwargs",
            "epoch": 0,
            "global_step": 0,
            "pytorch-lightning_version": lightning.__version__,
            "pyannote.audio": {
                "versions": {
                    "torch": torch.__version__,
                    "pyannote.audio": pyannote.audio.__version__,
                },
                "architecture": {"module": kind.__module__, "class": kind.__name__},
                "specifications": task,
            },
        },
        folder / "pytorch_model.bin",
    )


if __name__ == "__main__":
    save_wav2vec2_base(Path(sys.argv[1]))
    save_community(Path(sys.argv[2]))
