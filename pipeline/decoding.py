"""What Whisper's decoder made of a chunk, and whether to believe it.

The signs of a decoding that went wrong, and the temperatures to try then, are
those of OpenAI's decoder (https://github.com/openai/whisper).
"""

import zlib
from dataclasses import dataclass

MAX_COMPRESSION_RATIO = 2.4
MIN_AVG_LOGPROB = -1.0
MAX_NO_SPEECH_PROB = 0.6
TEMPERATURES = (0.2, 0.4, 0.6, 0.8, 1.0)
BEST_OF = 5  # samples at each temperature, of which the likeliest counts


def compression_ratio(text: str) -> float:
    """Bytes of the text over those of its zlib compression; 0 for no text, as nothing repeats."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def search(temperature: float, beam_size: int) -> dict[str, object]:
    """How CTranslate2 is to look for the text: a beam at 0, samples at more."""
    if not temperature:
        return {"beam_size": beam_size}
    return {
        "beam_size": 1,
        "num_hypotheses": BEST_OF,
        "sampling_topk": 0,
        "sampling_temperature": temperature,
    }


@dataclass
class Decoding:
    """What the decoder made of one chunk."""

    tokens: list[int]
    text: str
    avg_logprob: float
    no_speech_prob: float
    temperature: float = 0.0

    @property
    def compression_ratio(self) -> float:
        """Of the text; high when it repeats itself."""
        return compression_ratio(self.text)

    @property
    def is_silence(self) -> bool:
        """Whether the network itself doubts that anybody spoke."""
        return self.no_speech_prob > MAX_NO_SPEECH_PROB and self.avg_logprob < MIN_AVG_LOGPROB

    @property
    def is_doubtful(self) -> bool:
        """Whether another temperature should be tried."""
        if self.is_silence:
            return False
        return self.compression_ratio > MAX_COMPRESSION_RATIO or self.avg_logprob < MIN_AVG_LOGPROB
