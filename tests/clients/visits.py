"""Somebody who visits the page, and what must not happen to him meanwhile."""

from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, CDPSession, Locator, Page

from tests.waiting import SECONDS

POLICY = ("Content Security Policy", "TrustedHTML", "TrustedScript")  # in what a browser says of it


class Visit:
    """A browser that remembers nothing of earlier visits; its pages have the service's address."""

    def __init__(self, browser: Browser, url: str, **options: object) -> None:
        look = {"viewport": {"width": 1100, "height": 800}, "locale": "en-GB"}
        # Colours that are on their way from one theme to the other are neither's.
        settings = {**look, "reduced_motion": "reduce", **options}
        self.url = url
        self.context: BrowserContext = browser.new_context(base_url=url, **settings)
        self.context.set_default_timeout(SECONDS * 1000)
        self._hosts: set[str] = set()
        self._errors: list[str] = []
        self.context.on("request", lambda request: self._hosts.add(request.url))
        self.context.on("weberror", lambda told: self._errors.append(str(told.error)))
        self.context.on("console", self._hear)
        self.context.on("dialog", self._meet)

    def _hear(self, message: object) -> None:
        if any(word in message.text for word in POLICY):
            self._errors.append(message.text)

    def _meet(self, dialog: object) -> None:
        self._errors.append(f"a window of the browser's own: {dialog.message}")
        dialog.dismiss()

    def open(self, place: str = "") -> Page:
        """The page at one of its places."""
        page = self.context.new_page()
        page.goto(f"{self.url}/ui#/{place}")
        page.get_by_role("link", name="triton-asr").wait_for()
        return page

    def end(self) -> None:
        """Nothing was asked of other hosts, nothing failed, nothing was kept from running."""
        urls = {url for url in self._hosts if not url.startswith(("blob:", "data:"))}
        errors = list(self._errors)
        self.context.close()
        assert {urlsplit(url).netloc for url in urls} == {urlsplit(self.url).netloc}
        assert errors == []


def slow_uploads(page: Page, bytes_a_second: int) -> CDPSession:
    """Send as over a poor line, until this is detached."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    line = {"offline": False, "latency": 0, "downloadThroughput": -1}
    line["uploadThroughput"] = bytes_a_second
    session.send("Network.emulateNetworkConditions", line)
    return session


def send(page: Page, *files: Path | dict) -> None:
    """Choose files, as a person does."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose files").click()
    chooser.value.set_files(list(files))


def clear(page: Page, store: str) -> None:
    """Take away what the browser keeps in one of the page's stores."""
    page.evaluate(
        "store => new Promise(done => { const open = indexedDB.open('triton-asr');"
        "open.onsuccess = () => { const kept = open.result.transaction(store, 'readwrite');"
        "kept.objectStore(store).clear(); kept.oncomplete = done; }; })",
        store,
    )


def row_of(page: Page, name: str) -> Locator:
    """The recording's place in the list, which has the jobs of other tests as well."""
    return page.locator("li.recording", has_text=name)


def keep(page: Page) -> None:
    """Keep what was set in the window that is open, which is gone when this returns."""
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    page.get_by_role("dialog").wait_for(state="detached")


def read_out(page: Page) -> list[tuple[str, str]]:
    """The paragraphs that are on the page: who speaks, and what."""
    page.locator("[data-word]").first.wait_for()
    texts = page.locator("ol.text > li").evaluate_all(
        "all => all.map(li => [li.querySelector('.speaker').innerText,"
        " li.querySelector('p').innerText])"
    )
    return [tuple(text) for text in texts]


def take(page: Page, ending: str) -> bytes:
    """Download the transcript, as a file of that kind."""
    page.get_by_text("Download", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=f".{ending}").click()
    return Path(download.value.path()).read_bytes()


def faults(page: Page) -> list[str]:
    """What axe-core finds fault with."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:200]} {node['failureSummary']}"
        for fault in found
        for node in fault["nodes"]
    ]
