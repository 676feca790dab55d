"""From a recording to a transcript that is read, heard, corrected and taken home, in a browser."""

import io
import json
import os
import re
import zipfile
from pathlib import Path

import pytest

from tests.clients.visits import (
    Visit,
    clear,
    faults,
    keep,
    read_out,
    row_of,
    send,
    slow_uploads,
    take,
)
from tests.waiting import until

PICTURES = os.environ.get("PICTURES")  # a folder, if they are to be made anew
PICTURE_BYTES = 200_000
NAME = "Phone call.wav"

# What is told of a job; on a quick machine it may be over already, and has its time.
AT_WORK = re.compile("line|waiting|decoding|transcribing|telling|timing|^[0-9:]+ ")


@pytest.fixture(scope="module")
def visitor(service, browser, sample):
    """Somebody who has sent the sample, with nothing set, and waited until it can be read.

    He has loaded the page anew in the middle of the upload, and in the middle of the job.
    """
    visit = Visit(browser, service.base_url, accept_downloads=True)
    page = visit.open()
    line = slow_uploads(page, 200_000)  # bytes a second, of 960 thousand
    send(page, {"name": NAME, "mimeType": "audio/wav", "buffer": sample.read_bytes()})
    row = row_of(page, NAME)
    row.get_by_text("Sending: ").wait_for()
    page.wait_for_function("() => document.querySelector('progress')?.value > 0.05")
    page.reload()
    line.detach()
    row.get_by_text(AT_WORK).wait_for()
    page.reload()
    row.locator("a.name[href]").wait_for()
    page.close()
    yield visit
    visit.end()


@pytest.fixture
def reader(visitor):
    """The transcript as it came, before anything is corrected."""
    page = visitor.open()
    clear(page, "documents")
    row_of(page, NAME).locator("a.name").click()
    page.locator("[data-word]").first.wait_for()
    yield page
    page.close()


def rename(page, old: str, new: str) -> None:
    page.locator(".speakers").get_by_role("button", name=old).click()
    page.get_by_label("Name", exact=True).fill(new)
    keep(page)


def test_who_says_what_is_read_and_goes_into_every_download_as_it_was_corrected(reader):
    said = read_out(reader)
    assert {who for who, _ in said} == {"Speaker A", "Speaker B"}
    words = " ".join(text for _, text in said).lower()
    for phrase in ("didn't know you were there", "new jersey", "originally from chicago"):
        assert phrase in words
    diane = next(who for who, text in said if "Diane" in text)
    rename(reader, diane, "Diane <1> & co")
    until(lambda: [who for who, text in read_out(reader) if "Diane" in text] == ["Diane <1> & co"])

    txt = take(reader, "txt").decode()
    assert re.search(r"^\[0:\d\d\] Diane <1> & co: .*Diane in New Jersey", txt, re.MULTILINE)
    markdown = take(reader, "md").decode()
    assert markdown.startswith("# Phone call.wav\n")
    assert r"**Diane \<1\> \& co** _0:" in markdown
    srt = take(reader, "srt").decode()
    assert srt.startswith("1\n00:00:0")
    assert "\n[Diane <1> & co] " in srt
    vtt = take(reader, "vtt").decode()
    assert vtt.startswith("WEBVTT\n\n")
    assert "<v Diane &lt;1&gt; &amp; co>" in vtt
    header, *rows = take(reader, "tsv").decode().splitlines()
    assert header == "start\tend\ttext\tspeaker"
    assert {row.split("\t")[3] for row in rows} >= {"Diane <1> & co"}
    shape = json.loads(take(reader, "json"))
    assert shape["language"] == "en"
    named = [word for word in shape["word_segments"] if word["speaker"] == "Diane <1> & co"]
    assert all(0 <= word["start"] <= word["end"] <= 31 for word in named)
    assert 0 < min(word["score"] for word in named) < 1
    with zipfile.ZipFile(io.BytesIO(take(reader, "docx"))) as document:
        assert document.testzip() is None
        body = document.read("word/document.xml").decode()
    assert "Diane &lt;1&gt; &amp; co  0:" in body
    assert "New Jersey" in body


def test_reloads_in_the_middle_of_the_upload_and_of_the_job_have_lost_nothing(visitor, reader):
    assert reader.get_by_role("slider").get_attribute("aria-valuemax") == "30"
    reader.get_by_role("button", name="Play").click()  # the recording is here still
    reader.get_by_role("button", name="Pause").wait_for()
    reader.get_by_role("link", name="All recordings").click()
    row_of(reader, NAME).wait_for()
    assert row_of(reader, NAME).count() == 1


def test_corrections_are_kept_taken_back_and_made_again(visitor, reader):
    key = reader.url
    first = reader.locator("ol.text > li").first
    first.get_by_role("button", name="Correct the text").click()
    reader.get_by_label("Correct the text", exact=True).fill("Hullo, dear Hello.")
    reader.keyboard.press("Enter")
    assert read_out(reader)[0][1] == "Hullo, dear Hello."
    reader.reload()
    reader.locator("[data-word]").first.wait_for()
    assert read_out(reader)[0][1] == "Hullo, dear Hello."
    assert reader.url == key

    before = read_out(reader)
    reader.locator(".speakers").get_by_role("button", name="Speaker A").click()
    reader.get_by_label("This is the same person as").select_option("Speaker B")
    keep(reader)
    until(lambda: {who for who, _ in read_out(reader)} == {"Speaker B"})
    reader.keyboard.press("Control+z")
    until(lambda: read_out(reader) == before)
    reader.get_by_role("button", name="Redo").click()
    until(lambda: {who for who, _ in read_out(reader)} == {"Speaker B"})
    reader.get_by_role("button", name="Undo").click()

    reader.locator(".chip").first.click()
    reader.get_by_label("Colour 4").check()
    keep(reader)
    reader.locator("ol.text > li.s3:first-child").wait_for()


def test_a_word_is_heard_where_it_is_clicked_and_lit_while_it_is_heard(reader):
    word = reader.locator("[data-word]", has_text="Sheila")
    reader.evaluate(
        "() => { window.lit = []; const look = changes => changes.forEach(({ target }) =>"
        "target.matches('.heard') && window.lit.push(target.textContent));"
        "const classes = { subtree: true, attributeFilter: ['class'] };"
        "new MutationObserver(look).observe(document.querySelector('ol.text'), classes); }"
    )
    word.click()
    reader.wait_for_function("() => window.lit.length > 2")
    assert reader.evaluate("() => window.lit.slice(0, 2)") == ["Sheila", "and"]
    reader.get_by_role("button", name="Pause").wait_for()
    at = reader.get_by_role("slider", name="Timeline")
    begun = int(at.get_attribute("aria-valuenow"))
    assert 13 <= begun <= 17  # where the sample's truth has it
    reader.wait_for_function(
        f"() => Number(document.querySelector('[role=slider]').ariaValueNow) > {begun}"
    )
    assert reader.locator(".heard").count() == 1
    assert reader.locator(".heard").inner_text() != "Sheila"
    reader.keyboard.press("k")
    reader.get_by_role("button", name="Play").wait_for()


def test_all_of_it_is_done_with_the_keyboard(reader):
    reader.keyboard.press("/")
    reader.keyboard.type("new jersey")
    reader.keyboard.press("Enter")
    found = " ".join(reader.locator(".current").all_inner_texts())
    assert found.lower().rstrip(".,") == "new jersey"
    assert re.match(r"\d of \d", reader.locator(".search .count").inner_text())
    reader.keyboard.press("Escape")
    heard = lambda: reader.locator(".heard").get_attribute("data-word")  # noqa: E731
    at = int(heard())
    reader.keyboard.press(".")
    assert int(heard()) == at + 1
    reader.keyboard.press("ArrowUp")
    assert int(heard()) < at
    reader.keyboard.press("s")
    reader.get_by_label("Name", exact=True).fill("Ann")
    reader.keyboard.press("Enter")
    reader.locator(".chip", has_text="Ann").wait_for()
    reader.keyboard.press("e")
    reader.keyboard.press("Control+a")
    reader.keyboard.type("Quite another text.")
    reader.keyboard.press("Enter")
    assert ("Ann", "Quite another text.") in read_out(reader)
    reader.keyboard.press("z")
    reader.keyboard.press("z")
    assert "Ann" not in {who for who, _ in read_out(reader)}
    with reader.expect_download() as download:
        reader.keyboard.press("d")
        reader.keyboard.press("Enter")
    assert download.value.suggested_filename == "Phone call.txt"
    reader.keyboard.press("?")
    reader.get_by_role("dialog", name="Keyboard").wait_for()


def test_a_doubtful_word_is_marked_with_its_confidence(reader):
    doubtful = reader.locator(".doubtful")
    assert 0 < doubtful.count() < reader.locator("[data-word]").count() / 2
    confidence = re.search(r"(\d+) %", doubtful.first.get_attribute("title"))
    assert int(confidence[1]) <= 50


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_fault_with_a_transcript(reader, theme):
    reader.emulate_media(color_scheme=theme)
    assert faults(reader) == []
    reader.get_by_text("Download", exact=True).click()
    assert faults(reader) == []
    reader.locator(".chip").first.click()
    assert faults(reader) == []


def test_pictures(visitor, reader, tmp_path):
    """``PICTURES=docs/pictures`` makes those of the documentation."""
    folder = Path(PICTURES or tmp_path)
    looks = {
        "reader-light": ({"width": 1100, "height": 760}, "light"),
        "reader-dark": ({"width": 1100, "height": 760}, "dark"),
        "reader-phone": ({"width": 390, "height": 760}, "light"),
    }
    rename(reader, next(who for who, text in read_out(reader) if "Diane" in text), "Diane")
    rename(reader, next(who for who, text in read_out(reader) if "Sheila" in text), "Sheila")
    for name, (viewport, theme) in looks.items():
        reader.set_viewport_size(viewport)
        reader.emulate_media(color_scheme=theme)
        reader.locator("[data-word]", has_text="Sheila").click()
        reader.wait_for_function("() => document.querySelector('.heard')")
        reader.keyboard.press("k")
        reader.evaluate("() => scrollTo(0, 0)")
        wide = reader.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= viewport["width"]  # nothing beyond the edge
        picture = folder / f"{name}.png"
        reader.screenshot(path=picture)
        assert 10_000 < picture.stat().st_size < PICTURE_BYTES
    page = visitor.open()
    page.set_viewport_size({"width": 1100, "height": 620})
    page.get_by_text(NAME).wait_for()
    page.screenshot(path=folder / "recordings.png")
