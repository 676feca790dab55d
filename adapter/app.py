"""The application that uvicorn runs: ``uvicorn --factory adapter.app:create_app``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from adapter import errors, logs
from adapter.assemblyai import errors as assemblyai_errors
from adapter.auth import RequireKey
from adapter.jobs.jobs import Jobs
from adapter.key_documentation import declare_keys
from adapter.openai import errors as openai_errors
from adapter.routes import asr, assemblyai, docs, health, openai
from adapter.service import Service
from adapter.triton.engine import Engine
from pipeline.settings import Settings, current_settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service's HTTP application; its Triton is looked for when a request needs it."""
    settings = settings or current_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Engine(settings) as engine:
            app.state.service = Service(settings, engine)
            app.state.health = health.Health(engine)
            async with Jobs(app.state.service) as app.state.jobs:
                yield

    app = FastAPI(
        title=health.NAME,
        version=health.VERSION,
        description="Transcripts with word times and speakers, served by NVIDIA Triton.",
        docs_url=None,  # which would load scripts from other hosts, as the next one would
        redoc_url=None,
        lifespan=lifespan,
    )
    errors.install(app)
    openai_errors.install(app)  # after all that answer errors
    assemblyai_errors.install(app)
    logs.leave_out_queries()
    if settings.api_key:
        app.add_middleware(RequireKey, owners=settings.owners)
        declare_keys(app)
    app.include_router(asr.router)
    app.include_router(openai.router)
    app.include_router(assemblyai.router)
    app.include_router(health.router)
    docs.install(app)
    return app
