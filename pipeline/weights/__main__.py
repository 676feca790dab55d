"""``python -m pipeline.weights``: fetch what the service needs with the current settings."""

import logging
import sys

from pipeline.errors import PipelineError
from pipeline.settings import SettingsError, read_settings
from pipeline.weights.defaults import fetch_defaults, settled


def main() -> int:
    """Run the command; the exit status is 0 when everything is there."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        for what, where in fetch_defaults(settled(read_settings())):
            print(f"{what}: {where}", flush=True)
    except (PipelineError, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
