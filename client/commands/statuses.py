"""How the command ends, and the one line that says why."""

import click

from client.errors import ServiceError
from client.terminal import plain

FAILED = 1  # the service refuses, fails or is not there
UNUSABLE = 2  # a file that cannot be read or written, or a command line that makes no sense
INTERRUPTED = 130  # as shells have it for Ctrl-C


def explained(failure: Exception) -> str | None:
    """What happened and what to do, in one line; None for a mistake of ours."""
    if isinstance(failure, ServiceError):
        told = plain(" ".join(str(failure).split()))
        return f"asr: {told}{f'; {failure.advice}' if failure.advice else ''}"
    if isinstance(failure, click.UsageError):
        told = " ".join(failure.format_message().split()).rstrip(".")
        command = failure.ctx.command_path if failure.ctx else "asr"
        return f"asr: {told}; «{command} --help» says what there is"
    if isinstance(failure, click.ClickException):
        return f"asr: {plain(' '.join(failure.format_message().split()))}"
    if isinstance(failure, OSError):
        name = plain(str(failure.filename)) if failure.filename else "a file"
        return f"asr: {name}: {failure.strerror or failure}"
    return None


def status_of(failure: Exception) -> int:
    """The exit status for it."""
    return FAILED if isinstance(failure, ServiceError) else UNUSABLE
