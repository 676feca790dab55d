"""What Whisper's decoder made of a chunk, and whether to believe it.

The signs of a decoding that went wrong, and the temperatures to try then, are
those of OpenAI's decoder (https://github.com/openai/whisper).
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

MAX_COMPRESSION_RATIO = 2.4
MIN_AVG_LOGPROB = -1.0
MAX_NO_SPEECH_PROB = 0.6
# OpenAI's two limits alone let «Thank you.» pass over music (0.84, -0.98) and «you» in silence
# (0.93, -0.49): the surer the network is that nobody speaks, the surer the text must be.
LOGPROB_FOR_NO_SPEECH = 1.6  # more average log probability for each unit above the limit
MAX_DOUBTFUL_NO_SPEECH_PROB = 0.4  # of text that stayed doubtful at every temperature
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
        surer = self.no_speech_prob - MAX_NO_SPEECH_PROB
        return surer > 0 and self.avg_logprob < MIN_AVG_LOGPROB + surer * LOGPROB_FOR_NO_SPEECH

    @property
    def is_invented(self) -> bool:
        """Whether nobody spoke, as far as can be told once every temperature was tried."""
        return self.is_silence or (
            self.is_doubtful and self.no_speech_prob > MAX_DOUBTFUL_NO_SPEECH_PROB
        )

    @property
    def is_doubtful(self) -> bool:
        """Whether another temperature should be tried."""
        if self.is_silence:
            return False
        return self.compression_ratio > MAX_COMPRESSION_RATIO or self.avg_logprob < MIN_AVG_LOGPROB


Again = Callable[[list[int], float], list[Decoding]]


def until_credible(decodings: list[Decoding], again: Again) -> list[Decoding]:
    """Sample anew, at rising temperatures, what repeats itself or is unlikely.

    Where no temperature helps, the likeliest attempt that does not repeat itself counts.

    Args:
        decodings: of the chunks of a batch, at the first temperature.
        again: decodes the chunks of these numbers once more, at this temperature.
    """
    attempts = [[decoding] for decoding in decodings]
    for temperature in TEMPERATURES:
        doubtful = [
            i
            for i, tried in enumerate(attempts)
            if tried[-1].is_doubtful and tried[-1].temperature < temperature
        ]
        if not doubtful:
            continue
        for index, decoding in zip(doubtful, again(doubtful, temperature), strict=True):
            decoding.temperature = temperature
            attempts[index].append(decoding)
    return [
        max(tried, key=_credibility) if tried[-1].is_doubtful else tried[-1] for tried in attempts
    ]


def _credibility(decoding: Decoding) -> tuple[bool, float]:
    return decoding.compression_ratio <= MAX_COMPRESSION_RATIO, decoding.avg_logprob
