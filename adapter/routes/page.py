"""``GET /ui``: the page by which people use the service, open to everybody.

It holds nothing that is secret: what it shows it asks of the service's own API, with the
key that its user gives it.  Its policy lets nothing run that is not served here, and
makes text that is put into markup an error.
"""

import os
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from adapter.ui import ASSETS, INDEX, KINDS, assets

PATH = "/ui"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "media-src blob:",  # recordings that the user has chosen
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
HEADERS = {
    "Cache-Control": "no-cache",  # asked for again each time, and not sent again if it is the same
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Assets(StaticFiles):
    """What the page loads; nothing else that lies in its folder."""

    def __init__(self) -> None:
        super().__init__(directory=ASSETS)
        self._files = assets()

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """The file of that name below ``/ui``."""
        return super().lookup_path(path) if path in self._files else ("", None)

    def file_response(self, full_path: os.PathLike, *arguments: object) -> Response:
        """It, or that it is still the same."""
        response = super().file_response(full_path, *arguments)
        response.headers.update(HEADERS)
        if "content-type" in response.headers:
            response.headers["content-type"] = KINDS[Path(full_path).suffix]
        return response


def install(app: FastAPI) -> None:
    """Serve the page, and below it what it loads."""
    files = Assets()

    @app.get(PATH, include_in_schema=False)
    async def page() -> Response:
        return FileResponse(ASSETS / INDEX, media_type=KINDS[".html"], headers=HEADERS)

    @app.get(f"{PATH}/", include_in_schema=False)
    async def page_below() -> Response:
        return RedirectResponse(f"..{PATH}", 308)  # what the page loads is named relative to it

    # A route and no mount, so that the log and the metrics know it.
    @app.api_route(f"{PATH}/{{name:path}}", methods=["GET", "HEAD"], include_in_schema=False)
    async def asset(request: Request, name: str) -> Response:
        return await files.get_response(name, request.scope)


def wants_page(request: Request) -> bool:
    """Whether it is a browser that asks, for something to look at."""
    return "text/html" in request.headers.get("accept", "").lower()
