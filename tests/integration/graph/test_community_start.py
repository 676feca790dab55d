"""A start without a token, where a model hub can be reached, diarizes with community-1."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapter.embedded.supervisor import Supervisor
from benchmarks.running.stand_ins import save_community
from pipeline.settings import current_settings, read_settings
from pipeline.weights import catalog, kinds, pins
from tests.services.model_hub import serve_hub
from tests.services.ports import free_ports

PORTS = ("PORT", "TRITON_HTTP_PORT", "TRITON_GRPC_PORT", "TRITON_METRICS_PORT")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Supervisor]:
    """The service with a cache that lacks community-1, and a hub that has its open copy."""
    community = save_community(tmp_path_factory.mktemp("networks") / "community")
    cache = tmp_path_factory.mktemp("cache")
    (cache / "weights").mkdir()
    warm = current_settings().cache_dir
    for path in (*warm.glob("triton-*"), warm / "weights" / kinds.WHISPER.folder):
        (cache / path.relative_to(warm)).symlink_to(path)
    with serve_hub() as (hub, url), pytest.MonkeyPatch.context() as patch:
        hub.repositories[catalog.COMMUNITY_COPY] = {
            name: (community / name).read_bytes() for (name,) in kinds.COMMUNITY.needed
        }
        # Their bytes are not those of the networks that they stand for.
        patch.setattr(pins, "REVISIONS", {})
        patch.setitem(pins.SHA256, catalog.COMMUNITY_COPY, {})
        variables = {
            **{name: str(port) for name, port in zip(PORTS, free_ports(4), strict=True)},
            **{"CACHE_DIR": str(cache), "HF_ENDPOINT": url, "HF_TOKEN": "", "HF_HUB_OFFLINE": "0"},
            **{"HOST": "127.0.0.1", "ALIGNMENT": "attention", "DIARIZATION": "auto"},
        }
        for name, value in variables.items():
            patch.setenv(name, value)
        supervisor = Supervisor(read_settings())
        try:
            supervisor.start(supervisor.prepare())
            yield supervisor
        finally:
            supervisor.stop()


def test_community_1_diarizes_and_gives_voices_of_256_numbers(started: Supervisor, clip: Path):
    assert httpx.get(f"{started.url}/health", timeout=60).json()["diarization"] == "community-1"
    answer = httpx.post(
        f"{started.url}/asr",
        params={"output": "json", "return_speaker_embeddings": "true"},
        files={"audio_file": (clip.name, clip.read_bytes())},
        timeout=300,
    )
    transcript = answer.raise_for_status().json()
    assert transcript["diarization_model"] == "community-1"
    assert {len(voice) for voice in transcript["speaker_embeddings"].values()} == {256}
