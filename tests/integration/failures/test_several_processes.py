"""One of several processes of a leaf breaks, as with several cards: all of them are new then."""

import asyncio
import shutil

from adapter.triton import recovery
from adapter.triton.engine import Engine
from adapter.triton.processes import live_instances
from adapter.triton.secret import find
from pipeline.serving.batches.faults import Fault
from tests.services.processes import arguments, descendants, parent
from tests.services.provoked import provoked
from tests.services.tiny_triton import GRAPH, TEXT, ask, run, tiny_triton


def test_the_others_leave_no_process_behind_that_keeps_its_network(tmp_path, monkeypatch):
    """Triton would wait for good for the answer of the one that broke, and end none of them."""
    monkeypatch.setattr(recovery, "WATCH_SECONDS", 0.5)
    shutil.copytree(GRAPH, tmp_path / "graph")
    config = tmp_path / "graph" / "whisper" / "config.pbtxt"
    once = config.read_text(encoding="utf-8")
    config.write_text(once.replace("KIND_CPU count: 1", "KIND_CPU count: 2"), encoding="utf-8")
    with tiny_triton(tmp_path / "run", tmp_path / "graph") as tiny:
        secret = find(tiny.triton_grpc_port)
        server = parent(next(iter(live_instances(secret)["whisper"].values())))

        def processes() -> set[int]:
            path = str(tmp_path / "run/models/whisper/1/model.py")
            return {child for child in descendants(server) if path in arguments(child)}

        before = processes()
        assert len(before) == 2

        async def use(engine: Engine) -> set[str]:
            with provoked(secret, whisper=Fault("broken device")):
                answers = await asyncio.gather(*(ask(engine) for _ in range(6)))
            assert engine.recoveries()["loads"]["whisper"] == 1
            assert "whisper" not in await engine.missing()
            return {answer.segments[0].text for answer in answers}

        assert run(tiny, use) == {TEXT}
        after = processes()
        assert after == set(live_instances(secret)["whisper"].values())
        assert len(after) == 2
        assert not before & after
