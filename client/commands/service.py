"""``asr health`` and ``asr models``: what the service says of itself."""

import json

import click

from client.commands.options import Service, of_service
from client.terminal import give, plain


@click.command()
@of_service
def health(url: str, api_key: str | None) -> None:
    """Say whether the service is healthy, as JSON; the exit status says it too."""
    with Service(url, api_key).client() as client:
        give(client.health().model_dump_json(indent=2, exclude_unset=True))


@click.command()
@of_service
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def models(url: str, api_key: str | None, as_json: bool) -> None:
    """List the Whispers that --model may name; the first one is the default."""
    with Service(url, api_key).client() as client:
        found = client.models()
    if as_json:
        give(json.dumps([model.model_dump() for model in found], indent=2))
        return
    width = max((len(model.id) for model in found), default=0)
    for number, model in enumerate(found):
        owner = plain(model.owned_by) + (", the default" if number == 0 else "")
        give(f"{plain(model.id):{width}}  {owner}")
