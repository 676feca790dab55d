"""``asr jobs``: recordings that were left with the service."""

import json

import click

from client.batch.board import Row
from client.batch.work import made
from client.commands.options import Service, of_service
from client.errors import NotFoundError
from client.results import Job
from client.terminal import give, plain

STATUSES = ("queued", "processing", "completed", "error")


@click.group()
def jobs() -> None:
    """List, show and cancel recordings that were left with the service.

    «asr transcribe --out» leaves them there, and takes them away when their transcripts are
    written.  Other clients' are there too, if they have the same key.
    """


@jobs.command("list")
@of_service
@click.option("--status", type=click.Choice(STATUSES), help="Only those.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_jobs(url: str, api_key: str | None, status: str | None, limit: int, as_json: bool) -> None:
    """List jobs, the newest first: id, status, when it was left, what went wrong."""
    with Service(url, api_key).client() as client:
        found = client.jobs.list(limit, status)
    if as_json:
        shapes = [job.model_dump(mode="json", exclude_none=True) for job in found]
        give(json.dumps(shapes, indent=2))
        return
    for job in found:
        give(_line(job))


@jobs.command("show")
@click.argument("job")
@of_service
@click.option(
    "--format",
    "kind",
    type=click.Choice(["txt", "srt", "vtt", "tsv", "json"]),
    help="Print its transcript instead.",
)
def show(job: str, url: str, api_key: str | None, kind: str | None) -> None:
    """Show how far a job is, or print its transcript."""
    with Service(url, api_key).client() as client:
        if kind in ("txt", "json"):
            give(str(made(client.jobs.result(job), kind, "")), newline=False)
        elif kind is not None:
            give(client.jobs.text(job, kind), newline=False)
        else:
            found = client.jobs.get(job)
            give(_line(found))
            if found.progress:
                row = Row("")
                row.reached(found.progress)
                give(f"{row.stage}  {row.note}".rstrip())


@jobs.command("cancel")
@click.argument("job", nargs=-1, required=True)
@of_service
def cancel(job: tuple[str, ...], url: str, api_key: str | None) -> None:
    """Take jobs away, with their recordings and transcripts, whether they have ended or not."""
    with Service(url, api_key).client() as client:
        for one in job:
            if not client.jobs.cancel(one):
                raise NotFoundError(
                    404, f"there is no job {one!r}; «asr jobs list» has those there are"
                )
            give(f"{one}  gone")


def _line(job: Job) -> str:
    created = job.created.astimezone().strftime("%Y-%m-%d %H:%M:%S") if job.created else ""
    error = plain(" ".join(job.error.split())) if job.error else ""
    return f"{plain(job.id)}  {job.status:10}  {created}  {error}".rstrip()
