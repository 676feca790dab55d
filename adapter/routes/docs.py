"""``GET /docs``: a page to try the API on, of which nothing comes from another host.

Browsers keep the API key that they were asked for, so a script from elsewhere on this
page could use it.  Swagger UI comes from a pinned wheel, and the page's policy lets
nothing else run.
"""

import base64
import hashlib
import re
from pathlib import Path

import fastapi_offline
from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

PATH = "/docs"
SWAGGER_UI = Path(fastapi_offline.__file__).parent / "static"
INLINE_SCRIPT = re.compile("<script>(.*?)</script>", re.DOTALL)


def install(app: FastAPI) -> None:
    """Serve the page, and below it what it loads."""
    # Relative to the page, so that they hold behind a proxy that adds to the path.
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title=app.title,
        swagger_js_url="docs/swagger-ui-bundle.js",
        swagger_css_url="docs/swagger-ui.css",
        swagger_favicon_url="docs/favicon.png",
        swagger_ui_parameters={"validatorUrl": None},  # it would be told where this service is
    ).body.decode("utf-8")
    headers = {
        "Content-Security-Policy": policy(page),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }

    @app.get(PATH, include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(page, headers=headers)

    app.mount(PATH, StaticFiles(directory=SWAGGER_UI))


def policy(page: str) -> str:
    """A Content-Security-Policy under which ``page`` works, and nothing that is put into it."""
    hashes = (
        base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
        for script in INLINE_SCRIPT.findall(page)
    )
    own = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {own}",
            "style-src 'self'",
            "img-src 'self' data:",  # the icons in Swagger UI's style sheet
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
