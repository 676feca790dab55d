"""OpenAI's own Python client against the running service."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openai
import pytest
import tritonclient.http as http

from pipeline.audio import SAMPLE_RATE
from tests.speech.media import write_wav
from tests.speech.scoring import read_stm, word_error_rate
from tests.waiting import until

RECORDINGS = Path(__file__).parents[2] / "recordings"
BATCH = 4


@pytest.fixture(scope="module")
def client(service):
    with openai.OpenAI(
        base_url=f"{service.base_url}/v1", api_key="any", max_retries=0, timeout=300
    ) as client:
        yield client


@pytest.fixture(scope="module")
def transcribe(client, sample):
    def transcribe(file: Path = sample, **options):
        return client.audio.transcriptions.create(
            file=file, **{"model": "whisper-1", "language": "en"} | options
        )

    return transcribe


@pytest.fixture(scope="module")
def said(sample) -> str:
    return " ".join(utterance.text for utterance in read_stm(sample.with_suffix(".stm")))


@pytest.fixture(scope="module")
def text(transcribe) -> str:
    """What every other format must say as well."""
    return transcribe().text


@pytest.fixture(scope="module")
def repeated(sample_audio, tmp_path_factory) -> Callable[[int], Path]:
    """«Oh, hello. I didn't know you were there. Neither did I.», again and again: a chunk each."""
    folder = tmp_path_factory.mktemp("repeated")
    words = sample_audio[int(8.4 * SAMPLE_RATE) : int(10.8 * SAMPLE_RATE)]
    once = np.concatenate([words, np.zeros(4 * SAMPLE_RATE, np.int16)])

    def repeated(times: int) -> Path:
        write_wav(folder / f"{times}.wav", np.tile(once, times), SAMPLE_RATE)
        return folder / f"{times}.wav"

    return repeated


def chunks_heard(service) -> int:
    """How many chunks ``whisper`` has answered so far."""
    client = http.InferenceServerClient(service.triton_http)
    (statistics,) = client.get_inference_statistics("whisper")["model_stats"]
    return int(statistics["inference_count"])


def test_json_has_the_words_that_were_said_and_what_was_used(transcribe, said):
    transcript = transcribe()
    assert word_error_rate(said, transcript.text) <= 0.25
    assert transcript.usage.type == "duration"
    assert transcript.usage.seconds == pytest.approx(30, abs=0.01)


def test_plain_text_and_subtitles(transcribe, clip):
    text = transcribe(clip).text
    assert transcribe(clip, response_format="text") == text + "\n"
    srt = transcribe(clip, response_format="srt")
    assert re.match(r"1\n00:00:0\d,\d{3} --> 00:00:\d\d,\d{3}\n", srt)
    vtt = transcribe(clip, response_format="vtt")
    assert vtt.startswith("WEBVTT\n\n")
    for subtitles in (srt, vtt):
        lines = [line for line in subtitles.splitlines() if re.search("[a-z]", line)]
        assert " ".join(lines).split() == text.split()


def test_verbose_json_has_segments_and_real_figures(transcribe, text):
    transcript = transcribe(response_format="verbose_json", language=openai.omit)
    assert transcript.language == "english"
    assert transcript.duration == pytest.approx(30, abs=0.01)
    assert transcript.text == text
    assert transcript.words is None
    assert [segment.id for segment in transcript.segments] == list(range(len(transcript.segments)))
    assert " ".join(segment.text for segment in transcript.segments) == text
    for segment in transcript.segments:
        assert 6 < segment.start < segment.end <= 30
        assert segment.seek == pytest.approx(segment.start * 100, abs=1)
        assert -1 < segment.avg_logprob < 0
        assert 0 < segment.no_speech_prob < 0.6
        assert 0.3 < segment.compression_ratio < 2.4
        assert segment.temperature == 0


def test_words_come_when_they_are_asked_for(transcribe, text):
    transcript = transcribe(response_format="verbose_json", timestamp_granularities=["word"])
    assert [word.word for word in transcript.words] == text.split()
    assert transcript.segments is None
    starts = [word.start for word in transcript.words]
    assert starts == sorted(starts)
    (diane,) = (word for word in transcript.words if word.word.startswith("Diane"))
    assert 12.3 < diane.start < diane.end < 13.8


def test_diarized_json_says_who_spoke(transcribe):
    transcript = transcribe(
        model="gpt-4o-transcribe-diarize",
        response_format="diarized_json",
        chunking_strategy={"type": "server_vad", "threshold": 0.4},
    )
    assert {segment.speaker for segment in transcript.segments} == {"A", "B"}
    assert transcript.segments[0].speaker == "A"
    assert transcript.segments[0].id == "seg_001"
    assert " ".join(segment.text for segment in transcript.segments) == transcript.text
    speakers = {
        name: next(s.speaker for s in transcript.segments if name in s.text)
        for name in ("This is Diane", "Sheila")
    }
    assert speakers["This is Diane"] != speakers["Sheila"]


@pytest.mark.words
@pytest.mark.filterwarnings("ignore:deprecated")  # by OpenAI, with the models that it has for it
def test_a_translation_is_english(client):
    translation = client.audio.translations.create(
        file=RECORDINGS / "russian.flac", model="whisper-1", response_format="verbose_json"
    )
    assert translation.language == "english"
    words = set(re.findall("[a-z]+", translation.text.lower()))
    assert {"friend", "tea", "moscow", "school", "morning"} <= words
    assert not re.search("[а-я]", translation.text.lower())


@pytest.mark.words
def test_a_prompt_and_keywords_change_the_spelling(transcribe, clip, text):
    assert "Dyan" not in text
    hinted = transcribe(clip, prompt="Dyan and Shiela talk.").text
    assert "Dyan" in hinted or "Shiela" in hinted


def test_a_temperature_is_where_decoding_starts(transcribe, said):
    transcript = transcribe(temperature=0.2, response_format="verbose_json")
    assert all(segment.temperature >= 0.2 for segment in transcript.segments)
    assert word_error_rate(said, transcript.text) <= 0.5


def test_a_stream_tells_segments_while_others_are_still_to_be_heard(service, transcribe, repeated):
    times = 4 * BATCH
    before = chunks_heard(service)
    deltas, heard = [], []
    for event in transcribe(repeated(times), stream=True):
        heard.append(chunks_heard(service) - before)
        if event.type == "transcript.text.delta":
            deltas.append(event.delta)
    assert event.type == "transcript.text.done"
    assert len(deltas) == times
    assert "".join(deltas) == event.text
    assert event.text.count("know you were there") == times
    assert heard[0] < heard[-1]
    # Triton counts after it has answered.
    until(lambda: chunks_heard(service) - before == len(deltas))


def test_a_stream_that_is_left_ends_its_work(service, transcribe, repeated):
    before = chunks_heard(service)
    with transcribe(repeated(6 * BATCH), stream=True) as stream:
        assert next(iter(stream)).type == "transcript.text.delta"
    own, alone = 0, False
    while not alone:  # recordings come in turn: a chunk with no other beside it ends the wait
        heard = chunks_heard(service)
        transcribe(repeated(1))
        own += 1
        alone = chunks_heard(service) - heard == 1
    # The batch that ran, the one that waited for it and the one after that.
    assert BATCH <= chunks_heard(service) - own - before <= 4 * BATCH


def test_a_stream_of_speakers_and_one_of_silence(transcribe, clip, tmp_path):
    *segments, done = transcribe(clip, stream=True, response_format="diarized_json")
    assert {event.type for event in segments} == {"transcript.text.segment"}
    assert {event.speaker for event in segments} == {"A", "B"}
    assert " ".join(event.text for event in segments) == done.text
    write_wav(tmp_path / "silence.wav", np.zeros(SAMPLE_RATE, np.int16), SAMPLE_RATE)
    (silence,) = transcribe(tmp_path / "silence.wav", stream=True)
    assert (silence.type, silence.text) == ("transcript.text.done", "")


@pytest.mark.parametrize("stream", [False, True])
def test_mistakes_raise_bad_request_and_name_the_field(transcribe, stream):
    with pytest.raises(openai.BadRequestError, match="language: unknown language") as failure:
        transcribe(language="klingon", stream=stream)
    assert failure.value.param == "language"
    with pytest.raises(openai.BadRequestError, match=r"known_speaker_names\[\]: .*0 clips"):
        transcribe(known_speaker_names=["Ann"], stream=stream)
    with pytest.raises(openai.BadRequestError, match=r"could not.*decode"):
        transcribe(file=("notes.mp3", b"the minutes of our meeting " * 100), stream=stream)
    for name in ("enormous", "nobody/has-this"):
        with pytest.raises(openai.NotFoundError, match=name) as failure:
            transcribe(model=name, stream=stream)
        assert failure.value.code == "model_not_found"


def test_the_models_are_listed_and_one_can_be_asked_for(client):
    models = client.models.list().data
    assert [model.id for model in models[:2]] == ["base", "whisper-1"]
    assert "large-v3" in {model.id for model in models}
    assert all(model.owned_by and model.object == "model" for model in models)
    assert client.models.retrieve("base") == models[0]
    with pytest.raises(openai.NotFoundError, match="enormous"):
        client.models.retrieve("enormous")
    with pytest.raises(openai.NotFoundError, match="nobody/enormous"):
        client.models.retrieve("nobody/enormous")
    with pytest.raises(openai.NotFoundError, match="/v1/embeddings"):
        client.embeddings.create(model="base", input="hello")
