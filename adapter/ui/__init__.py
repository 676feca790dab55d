"""The page at ``/ui``, as browsers load it: no build step, no library, nothing of another host.

``index.html`` is the whole of the markup; everything else is made by the modules in
``js/``, which put texts of others into nodes only, never into markup.  ``texts/`` is what
the page says, in each of its languages.
"""

from pathlib import Path

ASSETS = Path(__file__).parent
KINDS = {  # what is served of this folder; it has Python beside it
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
INDEX = "index.html"


def assets() -> dict[str, Path]:
    """Every file of the page by its name below ``/ui``, such as ``js/main.js``."""
    return {
        path.relative_to(ASSETS).as_posix(): path
        for path in sorted(ASSETS.rglob("*"))
        if path.suffix in KINDS and path.name != INDEX
    }
