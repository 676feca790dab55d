"""The pages of the list of jobs: which one is asked for, and where its neighbours are."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

from adapter.jobs.records import ID, STATUSES, Job, Json, Wanted
from pipeline.errors import InvalidRequest

MOST = 200  # jobs on a page
CURSORS = ("before_id", "after_id")


def read_wanted(query: Mapping[str, str]) -> Wanted:
    """The page that a query asks for.

    Raises:
        InvalidRequest: naming the parameter that cannot be used and what would do.
    """
    given = {name: value for name, value in query.items() if value.strip()}
    limit = given.get("limit", "10")
    if not limit.isdecimal() or not 1 <= int(limit[:9]) <= MOST:
        raise InvalidRequest(f"limit: {limit[:20]!r} cannot be used, give 1 to {MOST}")
    status = given.get("status")
    if status not in (None, *STATUSES):
        raise InvalidRequest(f"status: {status[:20]!r} is none; there are {', '.join(STATUSES)}")
    if all(name in given for name in CURSORS):
        raise InvalidRequest("after_id: give either it or before_id")
    for name in CURSORS:
        if name in given and not ID.fullmatch(given[name]):
            raise InvalidRequest(f"{name}: {given[name][:40]!r} is no id of a transcript")
    if given.get("throttled_only", "false").lower() == "true":
        raise InvalidRequest("throttled_only: nobody is throttled here; leave it out")
    return Wanted(
        int(limit), status, _day(given.get("created_on")), *(given.get(name) for name in CURSORS)
    )


def _day(text: str | None) -> tuple[float, float] | None:
    if text is None:
        return None
    try:
        begin = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        raise InvalidRequest(
            f"created_on: {text[:20]!r} is no day; write it as 2026-06-30, in UTC"
        ) from None
    return begin.timestamp(), (begin + timedelta(days=1)).timestamp()


def page_details(
    found: list[Job], has_older: bool, has_newer: bool, base: str, query: Mapping[str, str]
) -> Json:
    """What a page says of itself: the next one is newer, the previous one older."""
    kept = {name: value for name, value in query.items() if name not in CURSORS}

    def url(**cursor: str) -> str:
        return f"{base}?{urlencode(kept | cursor)}"

    return {
        "limit": int(query.get("limit") or 10),
        "result_count": len(found),
        "current_url": f"{base}?{urlencode(dict(query))}",
        "prev_url": url(before_id=found[-1].id) if has_older else None,
        "next_url": url(after_id=found[0].id) if has_newer else None,
    }
