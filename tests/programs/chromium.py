"""A real Chromium without a screen, from Debian's package, driven by Playwright."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.programs.debian import environment_of, unpacked

PACKAGE = "chromium-headless-shell"
PROGRAM = "usr/lib/chromium/chromium-headless-shell"
LIBRARIES = "usr/lib/x86_64-linux-gnu/pulseaudio"  # which PulseAudio's own library names itself


@contextlib.contextmanager
def chromium(heard: Path) -> Iterator[Browser]:
    """Run it.

    Args:
        heard: what its microphone hears, again and again (WAV).
    """
    installed = unpacked(PACKAGE)
    environment = environment_of(installed)
    environment["LD_LIBRARY_PATH"] += f":{installed / LIBRARIES}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=installed / PROGRAM,
            chromium_sandbox=False,  # it needs rights that containers do not have
            env=environment,
            args=[
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",  # who is asked for the microphone says yes
                f"--use-file-for-fake-audio-capture={heard}",
                "--host-resolver-rules=MAP *.test 127.0.0.1",  # an address that is no localhost
            ],
        )
        try:
            yield browser
        finally:
            browser.close()
