"""The command ``asr``: transcribe a recording, or ask whether the service is healthy."""

import argparse
import os
import sys
from pathlib import Path

from client.errors import ServiceError
from client.http import Client
from client.protocol.connection import ANSWER_SECONDS, DEFAULT_URL
from client.text import speaker_lines

FAILED = 1
UNUSABLE = 2  # as argparse has it
INTERRUPTED = 130  # as shells have it for Ctrl-C


def build_parser() -> argparse.ArgumentParser:
    """The command's arguments."""
    parser = argparse.ArgumentParser(prog="asr", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    service = argparse.ArgumentParser(add_help=False)
    service.add_argument(
        "--url",
        default=os.environ.get("ASR_URL") or DEFAULT_URL,
        help="where the service is (default: ASR_URL, or %(default)s)",
    )
    service.add_argument(
        "--api-key",
        metavar="KEY",
        help="a key of the service's API_KEY (default: ASR_API_KEY, which no process list shows)",
    )
    commands.add_parser("health", parents=[service], help="say whether the service is healthy")
    transcribe = commands.add_parser(
        "transcribe", parents=[service], help="print who says what in a recording"
    )
    add = transcribe.add_argument
    add("file", type=Path, help="a recording in any usual format, or a video with sound")
    add("--json", type=Path, metavar="OUT", help="write JSON into this file, - for the screen")
    add("--language", help="code or name of the language; detected if left out")
    add("--model", help="a Whisper size, or org/name on the model hub")
    add("--task", choices=("transcribe", "translate"), help="translate is into English")
    add("--initial-prompt", help="what was said before")
    add("--hotwords", help="words to expect, such as names")
    add("--no-diarize", dest="diarize", action="store_false", default=None, help="no speakers")
    add("--num-speakers", type=int, help="how many people speak")
    add("--min-speakers", type=int, help="at least so many people speak")
    add("--max-speakers", type=int, help="at most so many people speak")
    add("--timeout", type=float, default=ANSWER_SECONDS, help="seconds (default: %(default)g)")
    return parser


OPTIONS = (
    *("language", "model", "task", "initial_prompt", "hotwords"),
    *("diarize", "num_speakers", "min_speakers", "max_speakers"),
)


def transcribe(arguments: argparse.Namespace) -> None:
    """Transcribe one recording, and print or write the transcript."""
    options = {name: getattr(arguments, name) for name in OPTIONS}
    with Client(arguments.url, arguments.timeout, arguments.api_key) as client:
        transcript = client.transcribe(arguments.file, **options)
    if arguments.json is None:
        print("\n".join(speaker_lines(transcript)) or "(nobody speaks)")
        return
    text = transcript.model_dump_json(indent=2, exclude_none=True) + "\n"
    if str(arguments.json) == "-":
        sys.stdout.write(text)
    else:
        arguments.json.write_text(text, encoding="utf-8")


def health(arguments: argparse.Namespace) -> None:
    """Print what the service says of its health."""
    with Client(arguments.url, api_key=arguments.api_key) as client:
        print(client.health().model_dump_json(indent=2, exclude_unset=True))


def main(arguments: list[str] | None = None) -> int:
    """Run the command.

    Returns:
        The exit status: 0, 1 for a service that refuses, fails or is not there, 2 for a file
        that cannot be read or written.
    """
    parsed = build_parser().parse_args(arguments)
    try:
        {"transcribe": transcribe, "health": health}[parsed.command](parsed)
    except ServiceError as error:
        print(f"asr: {error}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"asr: {error.filename}: {error.strerror}", file=sys.stderr)
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main())
