"""AssemblyAI's own Python client, set up for a service of ours."""

import assemblyai

KEY = "any-key-where-none-is-asked-for"
POLL_SECONDS = 0.2


def transcriber(url: str, key: str = KEY, **config: object) -> assemblyai.Transcriber:
    """Its transcriber.

    Args:
        url: where our service is.
        key: sent as it is, in ``Authorization``.
        config: of ``TranscriptionConfig``.
    """
    settings = assemblyai.Settings(
        base_url=url, api_key=key, polling_interval=POLL_SECONDS, http_timeout=60
    )
    return assemblyai.Transcriber(
        client=assemblyai.Client(settings=settings),
        config=assemblyai.TranscriptionConfig(**config),
    )
