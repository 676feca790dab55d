"""The subtitles of a real conversation."""

import re

import pytest

from tests.clients.asking import post


def test_subtitles_have_each_word_once_where_it_was_said(service, sample, conversation):
    srt = post(service, sample, output="srt").json()["srt"]
    cues = [cue.splitlines() for cue in srt.strip().split("\n\n")]
    assert [number for number, *_ in cues] == [str(n) for n in range(1, len(cues) + 1)]
    shown, starts, ends = [], [], []
    for _, times, *lines in cues:
        assert len(lines) <= 2
        assert all(len(line) <= 42 for line in lines)
        speaker = re.match(r"\[(SPEAKER_\d\d)\] ", lines[0])
        text = " ".join(lines).removeprefix(speaker[0])
        start, end = (
            int(h) * 3600 + int(m) * 60 + float(s.replace(",", "."))
            for h, m, s in re.findall(r"(\d\d):(\d\d):(\d\d,\d{3})", times)
        )
        first = conversation["word_segments"][len(shown)]
        assert start == pytest.approx(first["start"], abs=0.11)
        starts.append(start)
        ends.append(end)
        shown += [(word, speaker[1]) for word in text.split()]
    assert shown == [(word["word"], word["speaker"]) for word in conversation["word_segments"]]
    assert all(0.3 < end - start <= 7.0 for start, end in zip(starts, ends, strict=True))
    assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
