"""How recordings come in: dropped, recorded, with what is asked for; and how they go."""

import base64
import re

import httpx

from tests.clients.visits import read_out, row_of, send


def open_transcript(page, name: str) -> None:
    """As soon as it is there."""
    row_of(page, name).locator("a.name[href]").click()


def test_the_start_ends_with_the_pages_address(service, visit):
    told = service.log.read_text(encoding="utf-8")
    (address,) = re.findall(r"^ready at .*the page to use it: (\S+)\)", told, re.MULTILINE)
    page = visit(service.base_url).context.new_page()
    page.goto(address)
    page.get_by_role("heading", name="Drop recordings here").wait_for()
    page.goto(service.base_url)  # as somebody would who types it
    page.wait_for_url(address)


def test_what_the_microphone_hears_is_transcribed_and_the_status_tells_of_it(service, visit):
    visitor = visit(service.base_url)
    status = visitor.open("status")
    status.get_by_text("Everything is ready.").wait_for()
    status.get_by_text("cpu", exact=True).wait_for()
    page = visitor.open()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Stop at 0:04").click()  # the clip's first seconds
    open_transcript(page, "Recording 20")
    assert "hello" in " ".join(text for _, text in read_out(page)).lower()
    row = status.locator("tbody tr", has_text="transcribing")
    row.wait_for()
    assert "telling speakers apart" in row.first.inner_text()
    assert re.search(r"\b0:0[3-6]\b", row.first.inner_text())


def test_what_is_no_recording_says_so_in_the_list(service, visit):
    page = visit(service.base_url).open()
    send(page, {"name": "notes.wav", "mimeType": "audio/wav", "buffer": b"not a sound " * 99})
    row = row_of(page, "notes.wav")
    row.get_by_text("could not decode").wait_for()
    assert row.locator("progress").is_hidden()
    assert row.locator("a.name[href]").count() == 0
    row.get_by_role("button", name="Remove notes.wav").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    row.wait_for(state="detached")


def test_options_go_with_the_recording_and_a_job_that_is_cancelled_is_gone(service, visit, clip):
    page = visit(service.base_url).open()
    page.get_by_text("Options").click()
    page.get_by_label("Language").select_option("en")
    page.get_by_label("At least").fill("2")
    page.get_by_label("At most").fill("2")
    page.get_by_label("Words to expect").fill("Sheila, Diane; ")
    page.get_by_label("What was said before").fill("A call.")
    page.get_by_label("Translate into English").check()
    with page.expect_response("**/v2/transcript") as asked:
        page.evaluate_handle(
            "bytes => { const held = new DataTransfer();"
            "const file = Uint8Array.from(atob(bytes), letter => letter.charCodeAt());"
            "held.items.add(new File([file], 'dropped.wav'));"
            "document.body.dispatchEvent(new DragEvent('drop',"
            "{ dataTransfer: held, bubbles: true, cancelable: true })); }",
            base64.b64encode(clip.read_bytes()).decode(),
        )
    job = asked.value.json()["id"]
    sent = asked.value.request.post_data_json
    del sent["audio_url"]
    assert sent == {
        "file_name": "dropped.wav",
        "language_code": "en",
        "speaker_labels": True,
        "speakers_expected": 2,
        "keyterms_prompt": ["Sheila", "Diane"],
        "prompt": "A call.",
        "task": "translate",
    }
    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Cancel dropped.wav").click()
    row_of(page, "dropped.wav").wait_for(state="detached")
    assert httpx.get(f"{service.base_url}/v2/transcript/{job}").status_code == 404
