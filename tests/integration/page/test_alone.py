"""The page before an adapter whose Triton is away: what it shows, and what it lets nobody do."""

import random
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from adapter.ui import ASSETS, assets
from pipeline.languages import LANGUAGES, UNSPACED_LANGUAGES
from pipeline.settings import Settings
from tests.clients.visits import clear, faults, keep, read_out, row_of, send, slow_uploads, take
from tests.services.adapter_thread import running_adapter
from tests.services.left_jobs import leave, spoken
from tests.services.ports import free_ports

PAGE_BYTES = 250_000
MOST_NODES = 5_000
WORDS = 10_000  # an hour of talk
KEY = "0123456789abcdef-page"
EVIL = "<img src=x onerror=alert(1)><script>alert(2)</script>"
EVIL_NAME = f'{EVIL} & "quotes" ${{alert(3)}} ‮txt.wav'.replace("/", "⁄")


def an_hour() -> list[tuple[str, str]]:
    """Turns of four people, from a word to a minute long."""
    chance = random.Random(17)
    left, turns = WORDS, []
    while left:
        length = min(left, chance.choice((1, 4, 12, 30, 60, 160)))
        words = [f"word{WORDS - left + at}" for at in range(length)]
        words[-1] += "."
        turns.append((f"SPEAKER_{chance.randrange(4):02}", " ".join(words)))
        left -= length
    return turns


@pytest.fixture(scope="module")
def adapter(tmp_path_factory) -> Iterator[str]:
    """One with jobs that are over, and with nobody behind it."""
    data = tmp_path_factory.mktemp("data")
    leave(data, spoken(*an_hour()), "", file_name="hour.wav")
    talk = (("SPEAKER_00", f"Say {EVIL} now."), ("SPEAKER_01", "</p> &amp; --> I did."))
    leave(data, spoken(*talk), "", file_name=EVIL_NAME)
    (port,) = free_ports(1)
    with running_adapter(Settings(_env_file=None, triton_grpc_port=port, data_dir=data)) as url:
        yield url


def open_transcript(page, number: int) -> None:
    """The one that has so many newer ones above it; it has its name once it was opened."""
    page.locator("a.name[href]").nth(number).click()
    page.locator("[data-word]").first.wait_for()


def nodes(page) -> int:
    return page.evaluate(
        "() => { const walk = document.createNodeIterator(document); let n = 0;"
        "while (walk.nextNode()) n += 1; return n; }"
    )


def test_an_hour_is_scrolled_through_with_few_nodes(visit, adapter):
    page = visit(adapter).open()
    open_transcript(page, 1)
    assert page.get_by_role("heading", name="hour.wav").is_visible()
    assert page.locator("[data-word]").first.inner_text() == "word0"
    shown = []
    for part in range(11):
        page.evaluate("part => scrollTo(0, part * document.body.scrollHeight)", part / 10)
        page.wait_for_timeout(100)
        assert nodes(page) <= MOST_NODES
        middle = "document.elementsFromPoint(innerWidth / 2, innerHeight / 2)"
        assert page.evaluate(f"() => {middle}.some(e => e.closest('.paragraph'))")  # never empty
        first = page.evaluate(
            "() => [...document.querySelectorAll('[data-word]')]"
            ".find(e => e.getBoundingClientRect().bottom > 0).dataset.word"
        )
        shown.append(int(first))
    assert shown == sorted(set(shown))
    last = page.locator("[data-word]").last
    assert last.inner_text() == f"word{WORDS - 1}."
    assert last.is_visible()
    page.get_by_label("Search").fill(f"word{WORDS // 2} word{WORDS // 2 + 1}")
    page.keyboard.press("Enter")
    found = page.locator(".current")
    assert found.first.is_visible()
    assert int(found.first.get_attribute("data-word")) == WORDS // 2
    assert nodes(page) <= MOST_NODES


def test_scrolling_an_hour_keeps_up_with_the_wheel(visit, adapter):
    page = visit(adapter).open()
    open_transcript(page, 1)
    page.mouse.move(500, 400)
    places = []
    for _ in range(12):
        page.mouse.wheel(0, 700)
        page.wait_for_timeout(60)
        places.append(page.evaluate("() => scrollY"))
    assert all(abs(after - before) < 2500 for before, after in pairwise(places))  # nothing jumps
    assert places[-1] > 6_000


def test_names_and_texts_can_hold_anything_and_run_nothing(visit, adapter):
    page = visit(adapter).open()
    open_transcript(page, 0)
    assert page.locator("h1").inner_text() == EVIL_NAME
    assert [text for _, text in read_out(page)] == [f"Say {EVIL} now.", "</p> &amp; --> I did."]
    page.locator(".chip").first.click()
    page.get_by_label("Name", exact=True).fill(EVIL)
    keep(page)
    assert read_out(page)[0][0] == EVIL
    assert EVIL in take(page, "txt").decode()
    markdown = take(page, "md").decode()
    assert markdown.startswith(r"# \<img src=x onerror=alert(1)\>\<script\>")
    assert re.search(r"(?<!\\)[<>&]", markdown) is None
    vtt = take(page, "vtt").decode()
    assert "<img" not in vtt
    assert vtt.count("-->") == vtt.count("<v ")  # one in each cue's times, none in a text
    page.get_by_role("link", name="All recordings").click()
    assert page.locator("a.name").first.inner_text() == EVIL_NAME
    assert page.locator("main img, main script").count() == 0
    send(page, {"name": EVIL_NAME, "mimeType": "audio/wav", "buffer": b"RIFF"})
    page.locator("li.recording").nth(2).wait_for()  # sent; a window would fail the visit


def test_a_recording_that_the_browser_could_not_keep_is_asked_for(visit, adapter):
    page = visit(adapter).open()
    file = {"name": "lost.wav", "mimeType": "audio/wav", "buffer": bytes(200_000)}
    line = slow_uploads(page, 20_000)
    send(page, file)
    row = row_of(page, "lost.wav")
    row.get_by_text("Sending: ").wait_for()
    clear(page, "files")
    page.reload()
    line.detach()
    row.get_by_text("this browser had no room to keep it").wait_for()
    with page.expect_file_chooser() as chooser:
        row.get_by_role("button", name="Choose the file again").click()
    with page.expect_response("**/v2/transcript") as left:
        chooser.value.set_files(file)
    assert left.value.json()["file_name"] == "lost.wav"
    row.get_by_text("could not decode").wait_for()  # it is no recording
    row.get_by_role("button", name="Remove lost.wav").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    row.wait_for(state="detached")


def test_a_key_is_asked_for_once_and_by_the_page(visit, tmp_path):
    (port,) = free_ports(1)
    leave(tmp_path, spoken(("SPEAKER_00", "Mine.")), "somebody", file_name="mine.wav")
    settings = {"triton_grpc_port": port, "data_dir": tmp_path, "api_key": f"somebody:{KEY}"}
    with running_adapter(Settings(_env_file=None, **settings)) as url:
        visitor = visit(url)
        page = visitor.open()
        dialog = page.get_by_role("dialog", name="This service asks for a key")
        dialog.get_by_label("Key").fill("wrong" * 4)
        with page.expect_response("**/v2/transcript*") as refused:
            page.keyboard.press("Enter")
        assert refused.value.status == 401
        assert refused.value.headers["www-authenticate"] == 'Bearer realm="triton-asr"'
        page.get_by_text("That key is not one").wait_for()
        dialog.get_by_label("Key").fill(KEY)
        page.keyboard.press("Enter")
        page.locator("a.name[href]").wait_for()
        page.reload()
        page.locator("a.name[href]").click()
        assert read_out(page) == [("Speaker A", "Mine.")]
        assert page.evaluate("() => sessionStorage.getItem('key')") == KEY
        assert page.evaluate("() => localStorage.length") == 0
        assert visitor.context.cookies() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_no_fault_with_the_list_and_the_status(visit, adapter, theme):
    page = visit(adapter, color_scheme=theme).open()
    page.locator("a.name[href]").first.wait_for()
    page.get_by_text("Options").click()
    assert faults(page) == []
    assert "undefined" not in page.locator("body").inner_text()
    page.get_by_role("link", name="Status").click()
    page.get_by_text("Not ready: Triton at").wait_for()
    assert faults(page) == []


def test_the_theme_is_the_systems_until_another_is_chosen(visit, adapter):
    page = visit(adapter, color_scheme="dark").open()
    paper = "() => getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.get_by_role("button", name="Colours: as the system").click()
    light = page.evaluate(paper)
    assert light != dark
    page.reload()
    page.get_by_role("button", name="Colours: light").wait_for()
    assert page.evaluate(paper) == light


@pytest.mark.parametrize(
    ("locale", "title"),
    [("de-AT", "Aufnahmen hier ablegen"), ("ru-RU", "Перетащите записи сюда"), ("fr-FR", "Drop")],
)
def test_the_browser_chooses_the_language(visit, adapter, locale, title):
    page = visit(adapter, locale=locale).open()
    page.get_by_role("heading", name=title).wait_for()
    assert page.evaluate("() => document.documentElement.lang") in (locale[:2], "en")
    words = page.evaluate(
        "() => Promise.all(['en', 'de', 'ru'].map(async language =>"
        "Object.keys((await import(`./ui/texts/${language}.js`)).texts)))"
    )
    assert words[0] == words[1] == words[2]  # every text is there in every language


def test_without_https_it_says_why_there_is_no_microphone(visit, adapter):
    elsewhere = adapter.replace("127.0.0.1", "asr.test")
    page = visit(elsewhere).open()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text(f"or of this machine (localhost), only. This page is {elsewhere}").wait_for()


def test_the_page_is_light(visit, adapter):
    files = [*assets().values(), ASSETS / "index.html"]
    assert sum(path.stat().st_size for path in files) <= PAGE_BYTES
    visitor = visit(adapter)
    loaded = []
    visitor.context.on("response", lambda answer: loaded.append(answer))
    page = visitor.open()
    page.locator("a.name[href]").first.wait_for()
    below = [answer for answer in loaded if "/ui" in answer.url]
    assert len(below) > 20
    assert sum(len(answer.body()) for answer in below) <= PAGE_BYTES


def test_it_knows_the_languages_that_whisper_knows(visit, adapter):
    page = visit(adapter).open()
    known = page.evaluate(
        "async () => { const known = await import('./ui/js/languages.js');"
        "return [known.LANGUAGES, [...known.UNSPACED]]; }"
    )
    assert sorted(known[0]) == sorted(LANGUAGES)
    assert set(known[1]) == UNSPACED_LANGUAGES
    page.get_by_text("Options").click()
    named = page.get_by_label("Language").locator("option").all_inner_texts()
    assert len(named) == len(LANGUAGES) + 1
    assert "Javanese" in named
