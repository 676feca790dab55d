"""``asr completion``: what a shell needs to complete the command."""

import click
from click.shell_completion import get_completion_class

from client.terminal import give

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what completes «asr» in a shell.

    \b
    bash  eval "$(asr completion bash)"            in ~/.bashrc
    zsh   eval "$(asr completion zsh)"             in ~/.zshrc, behind compinit
    fish  asr completion fish > ~/.config/fish/completions/asr.fish
    """
    kind = get_completion_class(shell)
    if kind is not None:  # as it is for all that may be asked for
        give(kind(context.find_root().command, {}, "asr", "_ASR_COMPLETE").source())
