"""What Whisper's decoder made of a chunk, and whether to believe it.

The signs of a decoding that went wrong, and the temperatures to try then, are
those of OpenAI's decoder (https://github.com/openai/whisper).
"""

import zlib
from collections.abc import Callable

import numpy as np

from pipeline.documents import ChunkTranscript

MAX_COMPRESSION_RATIO = 2.4
MIN_AVG_LOGPROB = -1.0
MAX_NO_SPEECH_PROB = 0.6
# OpenAI's two limits alone let «Thank you.» pass over music (0.84, -0.98) and «you» in silence
# (0.93, -0.49): the surer the network is that nobody speaks, the surer the text must be.  Words
# cut out of speech, or hardly audible, are right up to 0.76 and at -0.75; loud noise is 0.8 and
# more, at up to -0.34; int8 moves both by some hundredths from processor to processor.
NO_SPEECH_PROBS = (MAX_NO_SPEECH_PROB, 0.75, 0.9)
LEAST_LOGPROBS = (MIN_AVG_LOGPROB, -0.76, -0.1)
MAX_DOUBTFUL_NO_SPEECH_PROB = 0.4  # the limit for text whose first reading was doubtful
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


def is_silence(chunk: ChunkTranscript, limit: float = MAX_NO_SPEECH_PROB) -> bool:
    """Whether the network itself doubts that anybody spoke."""
    no_speech_prob = chunk.no_speech_prob + MAX_NO_SPEECH_PROB - limit
    least = np.interp(no_speech_prob, NO_SPEECH_PROBS, LEAST_LOGPROBS)
    return no_speech_prob > MAX_NO_SPEECH_PROB and chunk.avg_logprob < least


def is_doubtful(chunk: ChunkTranscript) -> bool:
    """Whether another temperature should be tried."""
    if is_silence(chunk):
        return False
    return chunk.compression_ratio > MAX_COMPRESSION_RATIO or chunk.avg_logprob < MIN_AVG_LOGPROB


def is_invented(chunk: ChunkTranscript) -> bool:
    """Whether nobody spoke, as far as can be told once every temperature was tried."""
    if is_doubtful(chunk):
        return chunk.no_speech_prob > MAX_DOUBTFUL_NO_SPEECH_PROB
    return is_silence(chunk)


def until_credible(
    chunk: ChunkTranscript, again: Callable[[float], ChunkTranscript]
) -> ChunkTranscript:
    """Sample anew, at rising temperatures, what repeats itself or is unlikely.

    Where no temperature helps, the likeliest attempt that does not repeat itself counts.

    Args:
        chunk: the first attempt.
        again: makes another one, at this temperature.

    Returns:
        The attempt that counts, without text, tokens and words if nobody spoke.
    """
    attempts = [chunk]
    for temperature in TEMPERATURES:
        if is_doubtful(attempts[-1]) and temperature > attempts[-1].temperature:
            attempts.append(again(temperature))
    chunk = max(attempts, key=_credibility) if is_doubtful(attempts[-1]) else attempts[-1]
    # Noise makes it repeat itself, and samples of the same noise do not always.
    sampled = len(attempts) > 1 and is_silence(chunk, MAX_DOUBTFUL_NO_SPEECH_PROB)
    if sampled or is_invented(chunk):
        return chunk.model_copy(update={"text": "", "tokens": [], "words": []})
    return chunk


def _credibility(chunk: ChunkTranscript) -> tuple[bool, float]:
    return chunk.compression_ratio <= MAX_COMPRESSION_RATIO, chunk.avg_logprob
