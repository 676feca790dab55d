"""``asr live``: the text of a recording while it is heard."""

import sys

import click

from client.batch.board import Row
from client.commands.options import Language, ModelName, Service, of_service
from client.commands.transcribe import found_in
from client.protocol.connection import ANSWER_SECONDS
from client.results import TextDelta
from client.terminal import give, is_terminal, plain


@click.command(short_help="Print a long recording while it is heard.")
@click.argument("recording", metavar="FILE|-")
@of_service
@click.option(
    "--language",
    type=Language(),
    help="Code or name; without it nothing is printed before 90 s of speech have been heard.",
)
@click.option("--model", type=ModelName(), help="A Whisper of «asr models».")
@click.option("--prompt", metavar="TEXT", help="What was said before.")
@click.option("--hotwords", metavar="WORDS", help="Words to expect, such as names.")
@click.option("--timeout", type=float, default=ANSWER_SECONDS, show_default=True, help="Seconds.")
def live(
    recording: str,
    url: str,
    api_key: str | None,
    language: str | None,
    model: str | None,
    prompt: str | None,
    hotwords: str | None,
    timeout: float,
) -> None:
    """Print the text of a recording while it is heard, without speakers: they are told apart over
    the whole of it.  Ctrl-C ends the work.

    \b
    asr live lecture.mp3 --language en
    """
    with Service(url, api_key, timeout).client() as client, found_in([recording]) as (found, *more):
        if more:
            raise click.UsageError("live hears one recording; «asr transcribe» takes several")
        row = Row(found.name)

        def sent(done: int, whole: int) -> None:
            row.sent(done, whole)
            _show(row.render(79) if done < whole else "")

        events = client.stream(
            found.path,
            name=found.name,
            on_sent=sent if is_terminal(sys.stderr) else None,
            language=language,
            model=model,
            prompt=prompt,
            hotwords=hotwords,
        )
        for event in events:
            if isinstance(event, TextDelta):
                give(plain(event.text), newline=False)
                sys.stdout.flush()
        give("")


def _show(line: str) -> None:
    sys.stderr.write(f"\r\x1b[K{line}")
    sys.stderr.flush()
