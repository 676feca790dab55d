"""The page to try the API on: nothing of it, and nothing on it, comes from another host."""

import asyncio
import base64
import hashlib
import re
from urllib.parse import urljoin

import httpx
import pytest

PAGE = "http://service/docs"


def get(run_app, *urls: str, **settings: object) -> list[httpx.Response]:
    async def run() -> list[httpx.Response]:
        async with run_app(**settings) as client:
            return [await client.get(url) for url in urls]

    return asyncio.run(run())


@pytest.fixture
def page(run_app) -> httpx.Response:
    (answer,) = get(run_app, PAGE)
    assert answer.status_code == 200
    return answer


def test_all_that_it_loads_is_there(run_app, page):
    named = re.findall(r"(?:src|href)=\"([^\"]+)\"|url: '([^']+)'", page.text)
    urls = [urljoin(PAGE, one or other) for one, other in named]
    assert {httpx.URL(url).host for url in urls} == {"service"}
    assert {url.rsplit(".", 1)[1] for url in urls} == {"css", "js", "json", "png"}
    for answer in get(run_app, *urls):
        assert answer.status_code == 200
        assert answer.content


def test_it_stays_itself_behind_a_proxy_s_path(page):
    named = re.findall(r"(?:src|href)=\"([^\"]+)\"|url: '([^']+)'", page.text)
    assert not any((one or other).startswith("/") for one, other in named)


def test_its_policy_lets_nothing_else_run(page):
    policy = page.headers["content-security-policy"]
    sources = {name: rest for name, *rest in map(str.split, policy.split("; "))}
    (script,) = re.findall("<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert sources["default-src"] == ["'none'"]
    assert sources["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert sources["base-uri"] == sources["form-action"] == sources["frame-ancestors"] == ["'none'"]
    every = {source for of_one in sources.values() for source in of_one}
    assert every == {"'none'", "'self'", "data:", f"'sha256-{digest}'"}
    assert "data:" not in sources["script-src"]


def test_it_asks_nobody_to_check_the_document(page):
    assert '"validatorUrl": null' in page.text


def test_the_page_that_would_load_from_elsewhere_is_not_there(run_app):
    (redoc,) = get(run_app, "/redoc")
    assert redoc.status_code == 404


def test_its_parts_want_the_key_too(run_app):
    urls = (PAGE, f"{PAGE}/swagger-ui-bundle.js")
    assert [answer.status_code for answer in get(run_app, *urls, api_key="k" * 16)] == [401, 401]
