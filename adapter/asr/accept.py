"""What a client would rather have, from its ``Accept`` header (RFC 9110, section 12.5.1)."""

import re

# The outputs of /asr that a media type asks for; JSON is what everybody else gets.
TYPES = {
    "text/plain": "text",
    "text/*": "text",
    "text/vtt": "vtt",
    "application/x-subrip": "srt",
    "text/srt": "srt",
    "text/tab-separated-values": "tsv",
    "application/json": "json",
    "application/*": "json",
    "*/*": "json",
}
QUALITY = re.compile(r"\bq=(\d(?:\.\d*)?)")


def preferred_output(accept: str | None) -> str | None:
    """The output that the header asks for before any other; None where it asks for JSON.

    Of types that are as good as each other the first one counts.  Types that nothing here
    is written in are left aside, so that ``*/*``, no header, and a browser's mean JSON.
    """
    ranges = []
    for item in (accept or "").lower().split(","):
        media_type, _, parameters = item.partition(";")
        quality = QUALITY.search(parameters)
        ranges.append((float(quality[1]) if quality else 1.0, media_type.strip()))
    for quality, media_type in sorted(ranges, key=lambda item: -item[0]):
        if quality > 0 and media_type in TYPES:
            return None if TYPES[media_type] == "json" else TYPES[media_type]
    return None
