"""How the page is served: open, whole, and so that nothing runs in it that is not its own."""

import asyncio
import re

import httpx
import pytest

from adapter.ui import ASSETS, assets

KEY = "0123456789abcdef"


def get(run_app, *paths: str, headers: dict | None = None, **settings) -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        async with run_app(**settings) as client:
            return [await client.get(path, headers=headers) for path in paths]

    return asyncio.run(run())


@pytest.mark.parametrize("accept", ["text/html,application/xhtml+xml,*/*;q=0.8", "Text/HTML"])
def test_browsers_are_led_to_it(run_app, accept):
    (answer,) = get(run_app, "/", headers={"Accept": accept})
    assert answer.status_code == 307
    assert answer.headers["location"] == "ui"  # relative: a proxy may add to the path
    assert answer.headers["vary"] == "Accept"


@pytest.mark.parametrize("accept", ["*/*", "application/json", ""])
def test_programs_hear_what_the_service_is(run_app, accept):
    (answer,) = get(run_app, "/", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.json()["service"] == "triton-asr"
    assert answer.json()["page"] == "/ui"


def test_it_and_all_that_it_loads_is_open_and_nothing_else(run_app):
    paths = ["/ui", *(f"/ui/{name}" for name in assets())]
    answers = get(run_app, *paths, api_key=KEY)
    assert len(answers) > 30
    for answer in answers:
        assert answer.status_code == 200, answer.url
        assert answer.content
    for path in ("/v2/transcript", "/v1/models", "/metrics", "/docs", "/uiv2", "/UI/js/main.js"):
        (answer,) = get(run_app, path, api_key=KEY)
        assert answer.status_code == 401, path


@pytest.mark.parametrize(
    "path",
    [
        "__init__.py",
        "index.html",
        "js",
        "js/nothing.js",
        "../app.py",
        "%2e%2e/app.py",
        "js//main.js",
    ],
)
def test_what_lies_beside_it_is_not_served(run_app, path):
    (answer,) = get(run_app, f"/ui/{path}", api_key=KEY)
    assert answer.status_code in (401, 404)
    assert "FastAPI" not in answer.text


def test_its_policy_lets_nothing_else_run(run_app):
    for answer in get(run_app, "/ui", "/ui/js/main.js", "/ui/icon.svg"):
        policy = answer.headers["content-security-policy"]
        sources = {name: rest for name, *rest in map(str.split, policy.split("; "))}
        assert sources["default-src"] == ["'none'"]
        for name in ("script-src", "style-src", "connect-src", "img-src"):
            assert sources[name] == ["'self'"]
        for name in ("base-uri", "form-action", "frame-ancestors", "trusted-types"):
            assert sources[name] == ["'none'"]
        assert sources["require-trusted-types-for"] == ["'script'"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "set-cookie" not in answer.headers


def test_its_markup_holds_no_script_and_no_style(run_app):
    (page,) = get(run_app, "/ui")
    assert re.findall(r"<script[^>]*>([^<]+)", page.text) == []
    assert re.findall(r"<style|style=|\son\w+=|https?:", page.text) == []
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text)
    assert {name.removeprefix("ui/") for name in loaded} <= assets().keys()


def test_all_its_modules_are_fetched_at_once(run_app):
    (page,) = get(run_app, "/ui")
    announced = set(re.findall(r"rel=\"modulepreload\" href=\"ui/([^\"]+)\"", page.text))
    modules = {name for name in assets() if name.startswith("js/")}
    assert announced == modules - {"js/theme.js", "js/main.js"}


def test_no_module_asks_another_host():
    for name, path in assets().items():
        urls = re.findall(r"https?://[^\s\"'`]*", path.read_text(encoding="utf-8"))
        # Names of XML, which nobody fetches.
        strange = [url for url in urls if not re.search("w3.org/2000/svg|openxmlformats.org", url)]
        assert strange == [], name


def test_it_is_sent_again_only_when_it_has_changed(run_app):
    (answer,) = get(run_app, "/ui/js/main.js")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    held = {"If-None-Match": answer.headers["etag"]}
    (again,) = get(run_app, "/ui/js/main.js", headers=held)
    assert (again.status_code, again.content) == (304, b"")


def test_below_it_is_it(run_app):
    (answer,) = get(run_app, "/ui/")
    assert answer.status_code == 308
    assert httpx.URL("http://service/ui/").join(answer.headers["location"]).path == "/ui"


def test_scripts_are_refused_without_a_window_for_a_password(run_app):
    script = {"X-Requested-With": "fetch"}
    (refused,) = get(run_app, "/v2/transcript", headers=script, api_key=KEY)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"] == 'Bearer realm="triton-asr"'
    (person,) = get(run_app, "/v2/transcript", api_key=KEY)
    assert person.headers["www-authenticate"].startswith("Basic ")


def test_its_folders_are_those_of_the_distribution():
    listed = {path.suffix for path in ASSETS.rglob("*.*") if "__pycache__" not in path.parts}
    assert listed == {".py", ".html", ".svg", ".css", ".js"}
