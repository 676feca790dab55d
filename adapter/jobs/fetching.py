"""A recording of another host, on its way into DATA_DIR."""

import shutil
import uuid

import httpx

from adapter.errors import TooLarge
from adapter.intake.uploads import MEGABYTE
from adapter.jobs.outside import Outside, Refused
from adapter.jobs.recordings import BLOCK_BYTES, Recordings, write_all
from adapter.threads import in_thread
from adapter.waiting.bounded import NotInTime, within
from pipeline.errors import InvalidRequest, Overloaded
from pipeline.settings import Settings

ROOM_BYTES = 16 << 20  # after so many the disk is looked at again


class NotFetched(Overloaded):
    """The host does not answer, or not now."""


async def fetch(
    url: str, outside: Outside, recordings: Recordings, settings: Settings
) -> tuple[str, int]:
    """Have what a URL answers written to a new upload's file.

    Returns:
        The upload's id and its bytes.

    Raises:
        InvalidRequest: it may not be asked, or answers that there is nothing.
        TooLarge: it is larger than MAX_FILE_SIZE_MB.
        NotFetched: it may be asked again later.
        Overloaded: there is no room on the disk for it.
    """
    upload = str(uuid.uuid4())
    seconds = settings.upload_timeout_seconds
    try:
        work = _write(url, outside, recordings, settings, upload)
        return upload, await within(seconds, work)
    except NotInTime:
        raise InvalidRequest(f"audio_url: it was not there within {seconds:g} seconds") from None
    except Refused as refusal:
        raise InvalidRequest(f"audio_url: {refusal}") from None
    except httpx.HTTPError as error:
        raise NotFetched(f"audio_url: its host does not answer ({type(error).__name__})") from None


async def _write(
    url: str, outside: Outside, recordings: Recordings, settings: Settings, upload: str
) -> int:
    most = int(settings.max_file_size_mb * MEGABYTE)
    too_large = TooLarge(
        f"audio_url: file too large, at most {settings.max_file_size_mb:g} MB are accepted"
    )
    async with outside.answer("GET", url) as response:
        status = response.status_code
        if status in (408, 425, 429) or status >= 500:
            raise NotFetched(f"audio_url: its host has answered {status}")
        if status != 200:
            raise InvalidRequest(f"audio_url: its host has answered {status}")
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > most:
            raise too_large
        size = looked = 0
        async with recordings.writing(upload) as fd:
            async for block in response.aiter_raw(BLOCK_BYTES):
                size += len(block)
                if size > most:
                    raise too_large
                if size - looked >= ROOM_BYTES:
                    looked = size
                    free = shutil.disk_usage(recordings.folder).free
                    if free < settings.min_free_disk_mb * MEGABYTE:
                        raise Overloaded("there is no room on the disk for the recording")
                await in_thread(write_all, fd, block)
            if not size:
                raise InvalidRequest("audio_url: its host has answered an empty file")
    return size
