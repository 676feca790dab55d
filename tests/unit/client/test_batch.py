"""Which recordings are meant, what their transcripts are called, and what is remembered of them."""

import io
import os
import pty
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from client.batch.board import Row, minutes
from client.batch.docx import WORD, as_docx
from client.batch.files import content_hash, find, write
from client.batch.memory import FOLDER, Entry, Memory, key_of
from client.results import Progress
from client.terminal import columns, fitted, has_colours, plain
from documents import Segment, Transcript


def said(*segments: tuple[float, str, str | None]) -> Transcript:
    return Transcript(
        model="base",
        language="en",
        language_probability=1.0,
        duration=100.0,
        segments=[
            Segment(start=start, end=start + 1, text=text, speaker=speaker)
            for start, text, speaker in segments
        ],
    )


@pytest.fixture
def recordings(tmp_path) -> Path:
    folder = tmp_path / "in"
    for name in ("b.wav", "a.MP3", "notes.txt", ".hidden.wav", "deep/c.mkv", ".git/d.wav"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def test_folders_are_looked_through_for_recordings(recordings):
    found = list(find([recordings, recordings / "b.wav", recordings / "notes.txt"]))
    assert [str(each.base) for each in found] == ["a.MP3", "b.wav", "deep/c.mkv", "notes.txt"]


def test_what_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(find([tmp_path / "nowhere.wav"]))


def test_transcripts_have_their_recordings_names(tmp_path):
    memory = Memory(tmp_path)
    assert memory.name(Path("a/talk.wav"), "/1", ("txt", "srt")) == {
        "txt": "a/talk.txt",
        "srt": "a/talk.srt",
    }
    # Others of nearly the same name; the first one is named the same way again.
    assert memory.name(Path("a/talk.mp3"), "/2", ("txt",)) == {"txt": "a/talk.mp3.txt"}
    assert memory.name(Path("a/talk.mp3"), "/3", ("txt",)) == {"txt": "a/talk.mp3 (2).txt"}
    assert memory.name(Path("a/talk.wav"), "/1", ("txt", "srt"))["srt"] == "a/talk.srt"


def test_a_file_of_somebody_else_s_is_not_written_over(tmp_path):
    (tmp_path / "talk.txt").write_text("notes of mine", encoding="utf-8")
    assert Memory(tmp_path).name(Path("talk.wav"), "/1", ("txt",)) == {"txt": "talk.wav.txt"}
    memory = Memory(tmp_path)
    memory.keep("1", Entry("/1", files={"txt": "talk.wav.txt"}))
    write(tmp_path / "talk.wav.txt", "ours")
    assert Memory(tmp_path).name(Path("talk.wav"), "/1", ("txt",)) == {"txt": "talk.wav.txt"}
    assert Memory(tmp_path).name(Path("talk.wav"), "/2", ("txt",)) == {"txt": "talk.wav (2).txt"}


def test_what_is_done_is_what_is_written_in_every_format(tmp_path):
    memory = Memory(tmp_path)
    entry = Entry("/1", files={"txt": "talk.txt", "srt": "talk.srt"})
    write(tmp_path / "talk.txt", "Hello.")
    assert memory.is_done(entry, ("txt",))
    assert not memory.is_done(entry, ("txt", "srt"))
    assert not memory.is_done(entry, ("json",))
    entry.job = "under way"
    assert not memory.is_done(entry, ("txt",))


def test_it_is_remembered_from_run_to_run(tmp_path):
    entry = Entry("/in/talk.wav", "http://host:9000", "0-1", {"txt": "talk.txt"})
    Memory(tmp_path).keep("abc", entry)
    assert Memory(tmp_path).recall("abc") == entry
    assert Memory(tmp_path).recall("other") is None
    (tmp_path / FOLDER / "abc.json").write_text("{half", encoding="utf-8")
    assert Memory(tmp_path).recall("abc") is None
    Memory(tmp_path).forget("abc")
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_recording_is_known_by_its_content_and_what_is_asked_of_it(tmp_path):
    for name, content in (("a.wav", b"one"), ("b.wav", b"one"), ("c.wav", b"two")):
        (tmp_path / name).write_bytes(content)
    one, same, two = (content_hash(tmp_path / name) for name in ("a.wav", "b.wav", "c.wav"))
    assert one == same != two
    assert key_of(one, {"language": "en", "model": None}) == key_of(one, {"language": "en"})
    assert len({key_of(one, {}), key_of(two, {}), key_of(one, {"language": "de"})}) == 3


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path):
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write(tmp_path / "taken", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_row_says_stage_and_position():
    row = Row("meeting.m4a")
    row.sent(500_000, 2_000_000)
    assert row.render(100).split() == [
        *("meeting.m4a", "upload", "━" * 8 + "─" * 22, "0.5", "/", "2.0", "MB")
    ]
    row.reached(Progress(stage="queued", jobs_before=3))
    assert row.render(100).split() == ["meeting.m4a", "queued", "3", "before", "it"]
    row.reached(Progress(stage="diarization", seconds_done=1800.0, seconds=3600.0))
    assert row.render(100).split() == [
        *("meeting.m4a", "diarization", "━" * 15 + "─" * 15, "30:00", "/", "1:00:00")
    ]


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_row_is_wider_than_the_terminal(width):
    row = Row("会議の録音" * 20)
    row.reached(Progress(stage="transcription", seconds_done=1.0, seconds=36000.0))
    assert columns(row.render(width)) < width


@pytest.mark.parametrize("width", [62, 75, 80, 100])
def test_the_bar_gives_way_to_what_is_to_be_said(width):
    row = Row("meeting.m4a")
    row.sent(500_000, 2_000_000)
    assert row.render(width).endswith("  0.5 / 2.0 MB")
    assert ("━" in row.render(width)) == (width > 62)


def test_a_hostile_name_cannot_command_the_terminal():
    row = Row("a\x1b]0;owned\x07\nb\u202e.wav")
    assert not set("\x1b\x07\n\u202e") & set(row.render(80))
    assert plain("a\x1b[31m") == "a\ufffd[31m"


@pytest.mark.parametrize("text", ["Ça va\u202f?", "prix\u00a0: 5", "می\u200cخواهم", "日本\u3000語"])
def test_what_languages_need_is_shown(text):
    assert plain(text) == text


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    _, theirs = pty.openpty()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    with (
        open(theirs, "w", encoding="utf-8") as terminal,
        open(os.devnull, "w", encoding="utf-8") as pipe,
    ):
        assert has_colours(terminal)
        assert not has_colours(pipe)
        monkeypatch.setenv("NO_COLOR", "1")
        assert not has_colours(terminal)
        monkeypatch.delenv("NO_COLOR")
        monkeypatch.setenv("TERM", "dumb")
        assert not has_colours(terminal)


def test_names_are_cut_by_columns():
    assert fitted("abc", 5) == "abc  "
    assert fitted("abcdef", 4) == "abc…"
    assert columns(fitted("会議会議", 6)) == 6
    assert (minutes(65), minutes(3725.9)) == ("1:05", "1:02:05")


def test_a_document_of_word_says_who_says_what():
    transcript = said(
        (6.7, " Hello <there> & \x00you?", "SPEAKER_00"),
        (8.0, "Fine.", "SPEAKER_00"),
        (9.0, "Bye.", None),
    )
    content = as_docx(transcript, "talk.wav")
    assert content == as_docx(transcript, "talk.wav")
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        assert file.testzip() is None
        parts = {name: ElementTree.fromstring(file.read(name)) for name in file.namelist()}
    assert {"[Content_Types].xml", "_rels/.rels", "word/document.xml"} <= parts.keys()
    paragraphs = parts["word/document.xml"].iter(f"{{{WORD}}}p")
    texts = ["".join(each.text or "" for each in p.iter(f"{{{WORD}}}t")) for p in paragraphs]
    assert texts == [
        "talk.wav",
        "00:06.7  SPEAKER_00: Hello <there> & \ufffdyou? Fine.",
        "00:09.0  Bye.",
    ]
