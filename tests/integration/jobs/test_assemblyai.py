"""AssemblyAI's own Python client, and Speakr's, against the running service."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import assemblyai
import httpx
import numpy as np
import pytest

from pipeline.audio import SAMPLE_RATE
from tests.clients.assembly import transcriber
from tests.clients.jobs import Leaving
from tests.clients.speakr_assemblyai import SpeakrAssemblyAI
from tests.speech.media import write_wav
from tests.speech.scoring import read_stm, word_error_rate
from tests.waiting import until

FILES = {"txt": "text/plain", "tsv": "text/tab-separated-values", "json": "application/json"}


@pytest.fixture(scope="module")
def done(service, sample):
    """The sample's transcript, with speakers."""
    return transcriber(
        service.base_url,
        speaker_labels=True,
        speakers_expected=2,
        language_code="en_us",
        speech_models=["universal-3-pro", "universal-2"],
        word_boost=["Yankee"],
        punctuate=True,
        format_text=True,
    ).transcribe(str(sample))


def events(url: str) -> Iterator[tuple[str, dict]]:
    """The name and the data of each server-sent event, until there are no more."""
    with httpx.stream("GET", url, timeout=300) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: "))


def test_the_sample_with_its_speakers(done, sample):
    assert done.status == assemblyai.TranscriptStatus.completed, done.error
    spoken = " ".join(phrase.text for phrase in read_stm(sample.with_suffix(".stm")))
    assert word_error_rate(spoken, done.text) < 0.35
    assert [utterance.speaker for utterance in done.utterances][:3] == ["A", "B", "A"]
    assert {word.speaker for word in done.words} == {"A", "B"}
    assert done.language_code == "en"
    assert done.audio_duration == 30
    assert 0.5 < done.confidence <= 1
    assert all(0 <= word.start <= word.end <= 30_000 for word in done.words)
    told = [word.text for utterance in done.utterances for word in utterance.words]
    assert told == [word.text for word in done.words]
    (diane,) = (u for u in done.utterances if "Diane" in u.text)
    (there,) = (u for u in done.utterances if "know you were there" in u.text)
    (sheila,) = (u for u in done.utterances if "I'm Sheila" in u.text)
    assert there.speaker == diane.speaker != sheila.speaker
    assert 9_000 < diane.start < diane.end < 16_000


def test_it_is_cut_as_clients_want_it(done):
    sentences, paragraphs = done.get_sentences(), done.get_paragraphs()
    assert " ".join(part.text for part in sentences) == done.text
    assert " ".join(part.text for part in paragraphs) == done.text
    assert 1 < len(paragraphs) < len(sentences)
    assert {sentence.speaker for sentence in sentences} == {"A", "B"}
    for part in (*sentences, *paragraphs):
        assert part.start == part.words[0].start
        assert 0 < part.confidence <= 1
    (found,) = done.word_search(["originally from Chicago", "Antarctica"])
    assert found.count == 2
    for (start, _), index in zip(found.timestamps, found.indexes, strict=True):
        assert done.words[index].text == "originally"
        assert done.words[index].start == start


def test_its_subtitles(done):
    srt, vtt = done.export_subtitles_srt(), done.export_subtitles_vtt(chars_per_caption=32)
    assert srt.startswith("1\n00:00:0")
    assert "I'm in New Jersey now" in srt.replace("\n", " ")
    assert vtt.startswith("WEBVTT\n\n00:00:0")
    cues = [cue.split("\n", 1)[1] for cue in vtt.split("\n\n")[1:] if cue]
    assert max(len(cue.partition(">")[2].strip()) for cue in cues) <= 33  # and a line's end
    assert len(cues) > len(srt.split("\n\n"))
    with pytest.raises(assemblyai.TranscriptError, match=r"chars_per_caption.*16 to 1000"):
        done.export_subtitles_srt(chars_per_caption=3)


def test_its_files_are_those_of_asr(service, done):
    leaving = Leaving(service.base_url)
    file = {kind: leaving.request("GET", f"/transcript/{done.id}/{kind}") for kind in FILES}
    assert {
        kind: answer.headers["content-type"].split(";")[0] for kind, answer in file.items()
    } == FILES
    segments = file["json"].json()["segments"]
    (diane,) = (segment for segment in segments if "Diane" in segment["text"])
    (told,) = (u for u in done.utterances if "Diane" in u.text)
    assert diane["speaker"] == {"A": "SPEAKER_00", "B": "SPEAKER_01"}[told.speaker]
    assert 9 < diane["words"][0]["start"] < 16
    assert file["txt"].text == done.text == " ".join(segment["text"] for segment in segments)
    header, *rows = [line.split("\t") for line in file["tsv"].text.splitlines()]
    assert header == ["start", "end", "text", "speaker"]
    assert [row[2:] for row in rows] == [[s["text"], s["speaker"]] for s in segments]
    answer = leaving.request("GET", f"/transcript/{done.id}/pdf")
    assert answer.status_code == 404
    assert answer.json()["error"].endswith("it has srt, vtt, txt, tsv, json")


def test_the_list_has_it_and_delete_takes_it_away(service, clip):
    ours = transcriber(service.base_url)
    first, second = (ours.submit(str(clip)) for _ in range(2))
    for job in (first, second):
        assert job.wait_for_completion().status == assemblyai.TranscriptStatus.completed
        assert job.utterances is None  # nobody asked who speaks
    page = ours.list_transcripts(assemblyai.ListTranscriptParameters(limit=1))
    assert [item.id for item in page.transcripts] == [second.id]
    assert page.page_details.result_count == 1
    (item,) = page.transcripts
    assert item.created <= item.completed
    assert item.resource_url == f"{service.base_url}/v2/transcript/{second.id}"
    older = assemblyai.ListTranscriptParameters(
        limit=1, before_id=page.page_details.before_id_of_prev_url
    )
    assert [item.id for item in ours.list_transcripts(older).transcripts] == [first.id]
    client = Leaving(service.base_url)
    assert client.request("GET", f"/upload/{first.audio_url[-36:]}").status_code in (404, 405)
    gone = client.request("DELETE", f"/transcript/{first.id}").json()
    assert (gone["audio_url"], gone["words"]) == ("http://deleted_by_user", None)
    assert client.request("GET", f"/transcript/{first.id}").status_code == 404
    assert client.request("DELETE", f"/transcript/{first.id}").status_code == 404
    again = client.request("POST", "/transcript", json={"audio_url": first.audio_url})
    assert again.status_code == 400
    assert "no such upload" in again.json()["error"]


def test_speakrs_connector(service, clip):
    speakr = SpeakrAssemblyAI(service.base_url, "any key")
    lines, answer = speakr.transcribe(
        clip, min_speakers=2, max_speakers=2, hotwords="Yankee, Chicago", models=("universal-2",)
    )
    assert [line.speaker for line in lines[:3]] == ["A", "B", "A"]
    assert any("Diane in New Jersey" in line.text for line in lines)
    assert all(0 <= line.start < line.end <= 12.1 for line in lines)
    assert answer["language_code"] == "en"
    assert answer["audio_duration"] == 12


def test_a_recording_that_is_none_is_an_error_of_its_own_job(service):
    client = Leaving(service.base_url)
    ended = client.ended(client.create(client.upload(b"hello " * 1000)))
    assert ended["status"] == "error"
    assert "could not decode" in ended["error"]
    assert ended["text"] is None


def test_a_job_can_be_followed_to_its_end(service, sample_audio, tmp_path):
    write_wav(tmp_path / "long.wav", np.tile(sample_audio, 2), SAMPLE_RATE)
    client = Leaving(service.base_url)
    audio = client.upload((tmp_path / "long.wav").read_bytes())
    job = client.create(audio, speaker_labels=True)
    told = list(events(f"{service.base_url}/v2/transcript/{job}/events"))
    *progress, (last, end) = told
    assert (last, end["status"]) == ("end", "completed")
    assert {name for name, _ in progress} == {"progress"}
    measured = [data for _, data in progress if data.get("seconds_done")]
    done = [data["seconds_done"] for data in measured]
    assert done == sorted(done)
    assert 0 < done[0] < 60
    assert all(data["seconds"] == 60 for data in measured)
    assert {data["stage"] for data in measured} <= {"transcription", "diarization", "alignment"}
    assert any("estimated_end" in data for data in measured)


def test_a_request_can_be_followed_by_its_id(service, clip):
    asked = {"X-Request-ID": "a-request-to-be-followed"}

    def ask() -> httpx.Response:
        files = {"audio_file": ("clip.wav", clip.read_bytes())}
        return httpx.post(f"{service.base_url}/asr", files=files, headers=asked, timeout=300)

    url = f"{service.base_url}/progress/{asked['X-Request-ID']}"
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(ask)
        until(lambda: httpx.get(url, timeout=30).status_code == 200)
        *progress, (last, _) = events(f"{url}/events")
        assert answer.result().status_code == 200
    assert last == "end"
    assert all("stage" in data for _, data in progress)
    assert any(data.get("seconds") == 12 for _, data in progress)
    assert httpx.get(url, timeout=30).status_code == 404
