"""How much of a disk the weights may take."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from pipeline.errors import WeightsNotFound, WeightsUnavailable
from pipeline.settings import Settings

MB = 1 << 20


def check_room(what: str, size: int, folder: Path, settings: Settings) -> None:
    """See that a download fits.

    Args:
        what: is to be fetched.
        size: of it, in bytes.
        folder: where it is to lie; what lies there already is a part of it.

    Raises:
        WeightsNotFound: it would take the cache beyond MAX_CACHE_MB.
        WeightsUnavailable: it would leave less of the disk free than MIN_FREE_CACHE_MB.
    """
    here = _size_of(folder)
    used = _size_of(settings.cache_dir / "weights") - here
    if used + size > settings.max_cache_mb * MB:
        raise WeightsNotFound(
            f"{what} has {size / MB:.0f} MB, and {used / MB:.0f} of the {settings.max_cache_mb:g} "
            "MB are taken that weights may have (MAX_CACHE_MB)"
        )
    check_disk(what, settings, max(size - here, 0))


def check_disk(what: str, settings: Settings, size: int = 0) -> None:
    """Raise :class:`WeightsUnavailable` if ``size`` bytes leave too little of the disk free."""
    free = shutil.disk_usage(settings.cache_dir).free
    if free - size < settings.min_free_cache_mb * MB:
        raise WeightsUnavailable(
            f"{what} would leave less than {settings.min_free_cache_mb:g} MB of the disk free that "
            f"holds {settings.cache_dir} (MIN_FREE_CACHE_MB)"
        )


def _size_of(folder: Path) -> int:
    size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):  # others write here too
                size += os.lstat(os.path.join(parent, name)).st_size
    return size
