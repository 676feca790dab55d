"""Whatever JSON a client sends, it is an object of options or a refusal that names its field."""

import json

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from adapter.assemblyai.parameters import REFUSED, TranscriptRequest, options_of, read_request
from pipeline.errors import InvalidRequest
from pipeline.options import Options
from pipeline.settings import Settings

SEED, EXAMPLES = 5, 400
SETTINGS = Settings(_env_file=None, preload_model="base")

names = st.sampled_from([*TranscriptRequest.model_fields, *REFUSED, "punctuate", "something"])
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["en_us", "best", "\0", "\ud800", "http://[", "9" * 5000, "x" * 5000]),
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(names, values, max_size=4)


@seed(SEED)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(body=bodies)
def test_it_is_understood_or_refused_by_name(body):
    refusal = None
    try:
        asked = read_request({"audio_url": "http://service/v2/upload/1", **body})
        options = options_of(asked, SETTINGS)
        asked.webhook_headers()
    except InvalidRequest as error:
        refusal = str(error)
    if refusal is not None:
        field = refusal.partition(":")[0].partition(".")[0]
        assert field in {*body, "audio_url", "webhook_auth_header_name"}
        return
    # What the store keeps, and what Triton is told.
    kept = json.dumps(options.to_parameters())
    assert Options.model_validate_json(kept) == options
    json.dumps(asked.model_dump(exclude_none=True, mode="json")).encode()
