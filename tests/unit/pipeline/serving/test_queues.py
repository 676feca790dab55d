"""No queue of the graph grows without end."""

import pytest
from google.protobuf import text_format
from tritonclient.grpc.model_config_pb2 import ModelConfig

from adapter.embedded.repository import MODEL_REPOSITORY

CONFIGS = sorted(MODEL_REPOSITORY.glob("*/config.pbtxt"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.parent.name)
def test_a_queue_has_a_limit(path):
    """Steps need none: they take every request at once, and refuse those beyond their own limit."""
    config = text_format.Parse(path.read_text(), ModelConfig())
    if config.HasField("dynamic_batching"):
        assert 0 < config.dynamic_batching.default_queue_policy.max_queue_size <= 1024
    elif config.backend == "python":
        source = (path.parent / "1/model.py").read_text()
        assert "Step)" in source
