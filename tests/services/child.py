"""A process that does what its first argument says, started by :mod:`pipeline.children`."""

import os
import signal
import sys
import time
from pathlib import Path

from pipeline import children


def main() -> int:
    what, *arguments = sys.argv[1:]
    children.begin(int(arguments[1]) if what == "fill" else None)
    if what == "say":
        sys.stdout.buffer.write(arguments[0].encode())
    elif what == "crash":
        os.kill(os.getpid(), signal.SIGFPE)
    elif what == "wait":
        partial = Path(f"{arguments[0]}.partial")
        partial.write_text(str(os.getpid()), encoding="utf-8")
        partial.rename(arguments[0])
        time.sleep(600)
    elif what == "fill":
        try:
            Path(arguments[0]).write_bytes(bytes(1_000_000))
        except OSError as failure:
            print(failure.strerror)
            return 1
    return int(what == "fail")


if __name__ == "__main__":
    sys.exit(main())
