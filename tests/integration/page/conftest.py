"""A browser, and an adapter whose jobs are over."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.clients.visits import Visit
from tests.programs.chromium import chromium


# Of a module: as long as Playwright is there, no test beside it can run an event loop.
@pytest.fixture(scope="module")
def browser(clip) -> Iterator[Browser]:
    """A Chromium whose microphone hears the clip."""
    with chromium(heard=clip) as browser:
        yield browser


@pytest.fixture
def visit(browser):
    """Visits that end with the test, each of which must have been a good one."""
    visits = []

    def begin(url: str, **options: object) -> Visit:
        visits.append(Visit(browser, url, **options))
        return visits[-1]

    yield begin
    for each in visits:
        each.end()
