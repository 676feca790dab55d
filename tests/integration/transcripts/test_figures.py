"""The numbers of a transcript are Whisper's own, for each segment its own."""

import zlib

import pytest
from tokenizers import Tokenizer

from pipeline.settings import read_settings
from pipeline.weights import whisper_folder


@pytest.mark.words
def test_figures_are_each_segments_own(conversation, in_one_piece, timed_by_ctc):
    tokenizer = Tokenizer.from_file(str(whisper_folder("base", read_settings()) / "tokenizer.json"))
    for transcript in (conversation, timed_by_ctc, in_one_piece):
        for segment in transcript["segments"]:
            raw = segment["text"].encode()
            assert tokenizer.decode(segment["tokens"]).strip() == segment["text"]
            assert segment["compression_ratio"] == pytest.approx(
                len(raw) / len(zlib.compress(raw)), abs=1e-4
            )
            assert -1.0 < segment["avg_logprob"] < 0.0
            assert 0.0 <= segment["no_speech_prob"] <= 1.0
            assert segment["temperature"] == 0.0
    likelihoods = {segment["avg_logprob"] for segment in conversation["segments"]}
    assert len(likelihoods) >= len(conversation["segments"]) - 1
    assert len({word["score"] for word in conversation["word_segments"]}) > 40
    tokens = [
        [token for segment in transcript["segments"] for token in segment["tokens"]]
        for transcript in (conversation, timed_by_ctc, in_one_piece)
    ]
    assert tokens[0] == tokens[1] == tokens[2]
