"""What tests of every kind use."""

import os
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from adapter.embedded.sample import sample_recording
from tests.cores import share_cores

# Fixtures that start a Triton for the whole session: one worker has all tests that need it.
STARTED_ONCE = ("service", "tiny")
LONGEST_ALONE = "test_other_processors"
APART = "hostile"  # a folder of tests with a service of its own: workers then take alike

share_cores()  # before anything brings OpenMP with it


@pytest.hookimpl(tryfirst=True)  # before Hypothesis looks into all modules
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests stay together when several workers share them (``--dist loadgroup``)."""
    for name in lazy_modules():
        del sys.modules[name]
    for item in items:
        needed = [name for name in STARTED_ONCE if name in getattr(item, "fixturenames", ())]
        group = needed[0] if needed else str(item.path)
        # Groups of few tests come last: a long one would keep one worker while the other is done.
        if (needed and APART in item.path.parts) or item.path.stem == LONGEST_ALONE:
            group = APART
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Go on only if xdist has taken the groups: otherwise each worker starts every Triton."""
    grouped = getattr(session.config.option, "loadgroup", False)  # of a worker
    if grouped and not all("@" in item.nodeid for item in session.items):
        raise pytest.UsageError("pytest-xdist does not group the tests of this pytest")


@pytest.fixture(scope="session", autouse=True)
def _no_data_at_home(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests leave in jobs goes with the tests."""
    os.environ["DATA_DIR"] = str(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def sample() -> Path:
    """Thirty seconds of two people on a telephone line; the truth is beside it (.rttm, .stm)."""
    return sample_recording()


@pytest.fixture(scope="session")
def sample_audio(sample: Path) -> np.ndarray:
    """The sample's INT16 [480000] at 16 kHz."""
    with wave.open(str(sample)) as recording:
        return np.frombuffer(recording.readframes(recording.getnframes()), np.int16)


@pytest.fixture
def no_lazy_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hypothesis looks into all modules; SpeechBrain's lazy ones then import what is missing."""
    for name in lazy_modules():
        monkeypatch.delitem(sys.modules, name)


def lazy_modules() -> list[str]:
    """SpeechBrain's, which import something that is not there when anybody looks at them."""
    return [
        name
        for name, module in list(sys.modules.items())
        if any(kind.__name__ == "LazyModule" for kind in type(module).__mro__)
    ]
