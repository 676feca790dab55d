"""The reference: WhisperX and pyannote as people run them, in one process of its own.

What had to be adapted to run it here, and in whose favour, is in README.md.
"""

import os
import time
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import whisperx
from nltk.tokenize.punkt import PunktSentenceTokenizer
from pyannote.audio.models.segmentation import PyanNet
from pyannote.audio.pipelines import SpeakerDiarization, speaker_verification
from speechbrain.inference import EncoderClassifier
from speechbrain.lobes.features import Fbank
from speechbrain.lobes.models.ECAPA_TDNN import ECAPA_TDNN
from speechbrain.processing.features import InputNormalization
from whisperx import alignment
from whisperx.audio import SAMPLE_RATE
from whisperx.diarize import DiarizationPipeline, assign_word_speakers

from benchmarks.running.stand_ins import segmentation_task
from benchmarks.running.worker import answer_commands
from pipeline.diarization.networks.ecapa import ARCHITECTURE, MEL_BANDS
from pipeline.settings import current_settings
from pipeline.weights import segmentation_file, speaker_embedding_folder, whisper_folder

DEVICE = os.environ.get("BENCHMARK_DEVICE", "cpu")
# Of Whisper: as whisperx-asr-service runs it on a CPU, and WhisperX's default on a card.
BATCH_SIZE = 8 if DEVICE == "cpu" else 16
WINDOWS_TOGETHER = 32  # of segmentation and embedding, as pyannote's configurations say
THREADS = int(os.environ["OMP_NUM_THREADS"])
CENTROID_THRESHOLD = 0.75  # pyannote publishes none for this pair; README.md says how it was chosen
MIN_CLUSTER_SIZE = 12
STAGES = ("decode", "transcribe", "align", "diarize", "attribute")


class OnnxSegmentation(PyanNet):
    """segmentation-3.0 from ONNX, 1.6 times as fast here as in torch."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.specifications = segmentation_task()
        self.build()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        self._session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )

    def forward(self, waveforms: torch.Tensor) -> torch.Tensor:
        """Scores of the powerset's classes, FP32 [B, 589, 7], of FP32 [B, 1, 160000]."""
        name = self._session.get_inputs()[0].name
        return torch.from_numpy(self._session.run(None, {name: waveforms.numpy()})[0])


class CurrentSpeechBrain:
    """What pyannote takes for SpeechBrain's classifier; takes the arguments of older ones."""

    folder: Path

    @classmethod
    def from_hparams(cls, **_: object) -> EncoderClassifier:
        """The ECAPA of ``folder``."""
        network = ECAPA_TDNN(**ARCHITECTURE)
        weights = cls.folder / "embedding_model.ckpt"
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
        return EncoderClassifier(
            modules={
                "compute_features": Fbank(n_mels=MEL_BANDS),
                "mean_var_norm": InputNormalization(norm_type="sentence", std_norm=False),
                "embedding_model": network.eval(),
                "classifier": torch.nn.Identity(),
            },
            hparams={"label_encoder": None},
        )


class Stock:
    """The pipelines, each loaded when it is first used."""

    @cached_property
    def whisper(self) -> object:
        """Whisper with pyannote's voice activity detection."""
        settings = current_settings()
        return whisperx.load_model(
            str(whisper_folder(os.environ.get("BENCHMARK_WHISPER", "base"), settings)),
            DEVICE,
            compute_type=os.environ.get("BENCHMARK_COMPUTE_TYPE", "int8"),
            vad_method="pyannote",
            threads=THREADS,
        )

    @cached_property
    def wav2vec2(self) -> tuple[torch.nn.Module, dict]:
        """The network that stands in for WhisperX's English one."""
        # Its sentence splitter is a download; the words do not depend on it.
        alignment.nltk_load = lambda _: PunktSentenceTokenizer()
        network, metadata = whisperx.load_align_model(
            "en", DEVICE, model_name=os.environ["BENCHMARK_WAV2VEC2"]
        )
        self.network_seconds = 0.0
        network.register_forward_pre_hook(lambda *_: self._network_begins())
        network.register_forward_hook(lambda *_: self._network_ends())
        return network, metadata

    @cached_property
    def ecapa(self) -> DiarizationPipeline:
        """pyannote's pipeline with the ungated pair of networks, by its default clustering."""
        settings = current_settings()
        CurrentSpeechBrain.folder = speaker_embedding_folder(settings)
        speaker_verification.SpeechBrain_EncoderClassifier = CurrentSpeechBrain
        pipeline = SpeakerDiarization(
            segmentation=OnnxSegmentation(segmentation_file(settings)),
            segmentation_batch_size=WINDOWS_TOGETHER,
            embedding="speechbrain/spkrec-ecapa-voxceleb",
            embedding_batch_size=WINDOWS_TOGETHER,
            embedding_exclude_overlap=True,
            clustering="AgglomerativeClustering",
            # Loaded whatever the clustering, and not used by this one.
            plda={"checkpoint": os.environ["BENCHMARK_COMMUNITY"], "subfolder": "plda"},
        )
        clustering = {
            "method": "centroid",
            "threshold": CENTROID_THRESHOLD,
            "min_cluster_size": MIN_CLUSTER_SIZE,
        }
        pipeline.instantiate({"segmentation": {"min_duration_off": 0.0}, "clustering": clustering})
        wrapped = DiarizationPipeline.__new__(DiarizationPipeline)  # its __init__ asks the hub
        wrapped.model = pipeline
        return wrapped

    @cached_property
    def community(self) -> DiarizationPipeline:
        """pyannote's pipeline on the folder that stands in for community-1."""
        return DiarizationPipeline(os.environ["BENCHMARK_COMMUNITY"], device=DEVICE)

    def load(self, parts: list[str]) -> dict:
        """Load what will be measured, and let each network run once."""
        torch.set_num_threads(THREADS)
        for part in parts:
            getattr(self, part)
        return {}

    def run(
        self,
        path: str,
        stages: list[str],
        diarizer: str = "ecapa",
        num_speakers: int | None = None,
    ) -> dict:
        """One recording from its file to words with speakers, or the stages that are asked for.

        Returns:
            ``seconds`` of each stage and of the network in ``align``, and the results.
        """
        seconds: dict[str, float] = {}

        def timed(stage: str, work: partial) -> object:
            begin = time.perf_counter()
            result = work()
            seconds[stage] = time.perf_counter() - begin
            return result

        audio = timed("decode", partial(whisperx.load_audio, path))
        result: dict = {}
        turns = None
        if "transcribe" in stages:
            transcribe = partial(self.whisper.transcribe, audio, batch_size=BATCH_SIZE)
            result = timed("transcribe", transcribe)
            result["chunks"] = result["segments"]
        if "align" in stages:
            network, metadata = self.wav2vec2
            self.network_seconds = 0.0
            align = partial(whisperx.align, result["segments"], network, metadata, audio, DEVICE)
            result |= timed("align", align)
            seconds["align_network"] = self.network_seconds
        if "diarize" in stages:
            pipeline = partial(getattr(self, diarizer), audio, num_speakers=num_speakers)
            turns = timed("diarize", pipeline)
        if "attribute" in stages:
            result |= timed("attribute", partial(assign_word_speakers, turns, result))
        return _plain(
            {
                "seconds": seconds,
                "chunks": result.get("chunks", []),
                "words": result.get("word_segments", []),
                "language": result.get("language"),
                "turns": []
                if turns is None
                else [
                    {"start": row.start, "end": row.end, "speaker": row.speaker}
                    for row in turns.itertuples()
                ],
            }
        )

    def turns(self, path: str, numbers: list[int | None]) -> list[list[dict]]:
        """The turns of a recording for each of these numbers of speakers, or for none.

        pyannote's networks hear it once for all of them, as in its training.
        """
        # ECAPA's weights that have decayed to subnormal numbers take half of its time.
        torch.set_flush_denormal(True)
        audio = torch.from_numpy(whisperx.load_audio(path))[None]
        file = {"waveform": audio, "sample_rate": SAMPLE_RATE}
        pipeline = self.ecapa.model
        pipeline.training = True
        try:
            told = [pipeline(file, num_speakers=number).speaker_diarization for number in numbers]
        finally:
            pipeline.training = False
        return [
            [
                {"start": turn.start, "end": turn.end, "speaker": speaker}
                for turn, _, speaker in each.itertracks(yield_label=True)
            ]
            for each in told
        ]

    def _network_begins(self) -> None:
        self._began = time.perf_counter()

    def _network_ends(self) -> None:
        self.network_seconds += time.perf_counter() - self._began


def _plain(value: object) -> object:
    """NumPy's numbers as Python's, which JSON knows."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


if __name__ == "__main__":
    stock = Stock()
    answer_commands({"load": stock.load, "run": stock.run, "turns": stock.turns})
