"""What the page computes, asked of its own modules in a browser."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from pipeline.settings import Settings
from tests.clients.visits import Visit
from tests.services.adapter_thread import running_adapter
from tests.services.ports import free_ports

Run = Callable[..., object]


@pytest.fixture(scope="module")
def run(browser, tmp_path_factory) -> Iterator[Run]:
    """Calls ``function`` of a module with these arguments."""
    (port,) = free_ports(1)
    data = tmp_path_factory.mktemp("data")
    with running_adapter(Settings(_env_file=None, triton_grpc_port=port, data_dir=data)) as url:
        visit = Visit(browser, url)
        page = visit.open()

        def call(module: str, function: str, *arguments: object) -> object:
            return page.evaluate(
                "async ([module, name, given]) => (await import(module))[name](...given)",
                [f"./ui/js/{module}.js", function, list(arguments)],
            )

        yield call
        visit.end()


def words(text: str, speaker: str = "A", start: float = 0.0) -> list[dict]:
    """Half a second each."""
    return [
        {
            "text": word,
            "start": start + at / 2,
            "end": start + at / 2 + 0.4,
            "score": 0.7,
            "speaker": speaker,
            "spaced": True,
        }
        for at, word in enumerate(text.split())
    ]


def transcript(said: list[dict], **more: object) -> dict:
    speakers = [
        {"id": name, "name": "", "colour": 0} for name in sorted({word["speaker"] for word in said})
    ]
    whole = {"language": "en", "duration": said[-1]["end"], "model": "base", "speakers": speakers}
    return {**whole, "words": said, **more}


def times(said: list[dict]) -> list[tuple]:
    return [(word["text"], round(word["start"], 3), round(word["end"], 3)) for word in said]


def test_words_that_stay_keep_their_times_and_new_ones_share_what_they_replace(run):
    before = transcript(words("we meat on monday at ten"))
    after = run("reader/corrections", "rewrite", before, 1, 5, "meet again on Monday at")
    assert times(after["words"]) == [
        ("we", 0.0, 0.4),
        ("meet", 0.5, 0.678),  # of 0.5 to 0.9, by its letters
        ("again", 0.678, 0.9),
        ("on", 1.0, 1.4),
        ("Monday", 1.5, 1.9),
        ("at", 2.0, 2.4),
        ("ten", 2.5, 2.9),
    ]
    assert [word["score"] for word in after["words"]] == [0.7, 1, 1, 0.7, 1, 0.7, 0.7]
    assert {word["speaker"] for word in after["words"]} == {"A"}
    assert times(before["words"])[1] == ("meat", 0.5, 0.9)  # what was before is there to go back to


def test_words_can_go_and_come_without_a_time_of_their_own(run):
    before = transcript(words("one two three"))
    gone = run("reader/corrections", "rewrite", before, 0, 3, "one three")
    assert times(gone["words"]) == [("one", 0.0, 0.4), ("three", 1.0, 1.4)]
    more = run("reader/corrections", "rewrite", before, 0, 3, "one two and three")
    assert times(more["words"])[2] == ("and", 0.9, 1.0)  # the silence between
    none = run("reader/corrections", "rewrite", before, 0, 3, " ")
    assert none["words"] == []
    late = transcript(words("two three", start=9.0))
    first = run("reader/corrections", "rewrite", late, 0, 2, "and two three")
    assert times(first["words"])[0] == ("and", 8.76, 9.0)  # not nine seconds before them


def test_a_language_without_spaces_gets_none(run):
    said = [{**word, "spaced": False} for word in words("今日 は 晴れ")]
    after = run(
        "reader/corrections", "rewrite", transcript(said, language="ja"), 0, 3, "明日は晴れ"
    )
    assert run("reader/transcript", "textOf", after["words"]) == "明日は晴れ"
    assert times(after["words"])[-1] == ("晴れ", 1.0, 1.4)


def test_the_services_answer_is_read_with_its_spaces(run):
    told = {
        "text": "Das ist 3,5 %. 好的",
        "words": [
            {
                "text": text,
                "start": 100 * at,
                "end": 100 * at + 90,
                "confidence": 0.5,
                "speaker": who,
            }
            for at, (text, who) in enumerate(
                [("Das", "A"), ("ist", "A"), ("3,5", "A"), ("%.", "A"), ("好", "B"), ("的", "B")]
            )
        ],
        "language_code": "de",
        "audio_duration": 1,
    }
    read = run("reader/transcript", "fromService", told)
    assert run("reader/transcript", "textOf", read["words"]) == told["text"]
    assert [speaker["id"] for speaker in read["speakers"]] == ["A", "B"]
    assert read["words"][1]["start"] == 0.1
    cut = run("reader/transcript", "paragraphs", read)
    assert [(one["first"], one["end"], one["speaker"]) for one in cut] == [(0, 4, "A"), (4, 6, "B")]


def test_subtitles_are_short_and_of_one_speaker(run):
    long = "When all of us had gone home, nobody could say who it was that had left the door open. "
    said = words(long * 4) + words("Not me, as far as I can tell.", "B", 60)
    cues = run("downloads/subtitles", "cues", transcript(said), True)
    assert " ".join(" ".join(cue["lines"]) for cue in cues) == " ".join(w["text"] for w in said)
    assert {cue["named"] for cue in cues} == {"Speaker A", "Speaker B"}
    for cue in cues:
        assert 1 <= len(cue["lines"]) <= 2
        assert len(f"[{cue['named']}] {cue['lines'][0]}") <= 42
        assert all(len(line) <= 42 for line in cue["lines"])
        assert 0.1 <= cue["end"] - cue["start"] <= 7.0
    for before, after in pairwise(cues):
        assert before["end"] <= after["start"]
    ends = [cue["lines"][-1][-1] for cue in cues]
    assert sum(end in ".," for end in ends) >= len(ends) / 2  # where the sentence has a joint


def test_a_search_finds_phrases_over_words_in_any_case(run):
    said = transcript(words("New York, new york! A newer one."))
    assert run("reader/search", "find", said, "new york") == [
        {"first": 0, "end": 2},
        {"first": 2, "end": 4},
    ]
    assert run("reader/search", "find", said, "ewe") == [{"first": 5, "end": 6}]
    assert run("reader/search", "find", said, " ") == []


def test_what_ended_between_two_looks_at_the_metrics_is_told_with_its_stages(run):
    def page(count: int, seconds: float, whisper: float) -> list:
        text = (
            "# HELP asr_request_seconds x\n"
            f'asr_request_seconds_count{{route="/asr"}} {count}.0\n'
            f'asr_request_seconds_sum{{route="/asr"}} {seconds}\n'
            f'asr_stage_seconds_sum{{stage="transcription"}} {whisper}\n'
            'asr_stage_seconds_sum{stage="wait"} 0.0\n'
            f"asr_audio_seconds_total {10 * count}.0\n"
        )
        return run("status/metrics", "samples", text)

    before, after = page(1, 4.0, 3.0), page(3, 9.0, 7.0)
    assert run("status/metrics", "between", before, after) == {
        "recordings": 2,
        "seconds": 5.0,
        "audio": 20,
        "stages": {"transcription": 4.0},
    }
    assert run("status/metrics", "between", after, after) is None


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Talk.m4a", "Talk.txt"),
        ("../../etc/pass<wd>.wav", "_.._etc_pass_wd_.txt"),
        ("", "transcript.txt"),
        ("a\x00b\u202e.mp3", "a_b\u202e.txt"),
    ],
)
def test_files_have_names_that_every_system_takes(run, title, name):
    assert run("downloads/menu", "fileName", title, "txt") == name
