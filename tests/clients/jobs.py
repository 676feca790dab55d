"""Leaving a recording at ``/v2`` and asking what became of it, request by request."""

import httpx

from tests.waiting import until

SECONDS = 60  # for one answer


class Leaving:
    """A client without a library, which shows what is on the wire."""

    def __init__(self, url: str, **headers: str) -> None:
        self.url = url
        self.headers = headers

    def request(self, method: str, path: str, **more: object) -> httpx.Response:
        """One request below ``/v2``."""
        return httpx.request(
            method, f"{self.url}/v2{path}", headers=self.headers, timeout=SECONDS, **more
        )

    def upload(self, content: bytes) -> str:
        """The URL under which a recording is known."""
        answer = self.request("POST", "/upload", content=content)
        assert answer.status_code == 200, answer.text
        return answer.json()["upload_url"]

    def create(self, audio_url: str, **fields: object) -> str:
        """The id of a new job."""
        answer = self.request("POST", "/transcript", json={"audio_url": audio_url, **fields})
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] == "queued"
        return answer.json()["id"]

    def read(self, job: str) -> dict:
        """The job as it is now."""
        answer = self.request("GET", f"/transcript/{job}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait_for(self, job: str, *statuses: str) -> dict:
        """The job as soon as it has one of these."""
        until(lambda: self.read(job)["status"] in statuses)
        return self.read(job)

    def ended(self, job: str) -> dict:
        """The job once it has ended, well or not."""
        return self.wait_for(job, "completed", "error")
