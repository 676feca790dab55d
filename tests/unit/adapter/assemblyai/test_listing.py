"""The pages of the list of jobs."""

from urllib.parse import parse_qs, urlsplit

import pytest

from adapter.assemblyai.listing import page_details, read_wanted
from adapter.jobs.records import Wanted
from pipeline.errors import InvalidRequest
from tests.unit.adapter.assemblyai.test_answers import JOB

BASE = "http://service/v2/transcript"


def test_what_is_left_out_or_empty_is_ten_of_any():
    assert read_wanted({}) == read_wanted({"status": "", "limit": " "}) == Wanted(limit=10)


def test_a_day_is_one_of_utc():
    wanted = read_wanted({"created_on": "1970-01-02", "limit": "200", "status": "error"})
    assert wanted == Wanted(200, "error", (86400.0, 172800.0))


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"limit": "201"}, "limit"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "9" * 5000}, "limit"),
        ({"status": "done"}, "status"),
        ({"created_on": "1970-1-32"}, "created_on"),
        ({"before_id": "x"}, "before_id"),
        ({"before_id": JOB.id, "after_id": JOB.id}, "after_id"),
        ({"throttled_only": "true"}, "throttled_only"),
    ],
)
def test_what_cannot_be_used_is_named(query, name):
    with pytest.raises(InvalidRequest, match=f"^{name}: "):
        read_wanted(query)


def test_the_neighbours_of_a_page_keep_what_was_asked_for():
    query = {"limit": "1", "status": "error", "after_id": "another"}
    details = page_details([JOB], True, True, BASE, query)
    assert (details["limit"], details["result_count"]) == (1, 1)
    older, newer = (parse_qs(urlsplit(details[url]).query) for url in ("prev_url", "next_url"))
    kept = {"limit": ["1"], "status": ["error"]}
    assert older == {**kept, "before_id": [JOB.id]}
    assert newer == {**kept, "after_id": [JOB.id]}
    assert details["prev_url"].startswith(f"{BASE}?")
    ends = page_details([], False, False, BASE, {})
    assert (ends["prev_url"], ends["next_url"], ends["limit"]) == (None, None, 10)
