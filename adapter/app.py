"""The application that uvicorn runs: ``uvicorn --factory adapter.app:create_app``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from adapter import errors, logs
from adapter.assemblyai import errors as assemblyai_errors
from adapter.auth import OPEN, RequireKey
from adapter.jobs.jobs import Jobs
from adapter.key_documentation import declare_keys
from adapter.openai import errors as openai_errors
from adapter.routes import (
    asr,
    assemblyai,
    assemblyai_results,
    docs,
    following,
    health,
    metrics,
    openai,
    page,
)
from adapter.service import Service
from adapter.telemetry import gauges
from adapter.telemetry.metrics import Metrics
from adapter.telemetry.observing import Observed
from adapter.threads import in_thread
from adapter.triton.engine import Engine
from adapter.waiting.stopping import when_asked_to_stop
from pipeline.settings import Settings, current_settings
from pipeline.telemetry import traces

ROUTERS = (
    asr.router,
    openai.router,
    following.router,
    assemblyai.router,
    assemblyai_results.router,
    health.router,
    metrics.router,
)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The service's HTTP application; its Triton is looked for when a request needs it."""
    settings = settings or current_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Engine(settings) as engine:
            app.state.service = service = Service(settings, engine, app.state.metrics)
            gauges.install(service)
            app.state.health = health.Health(engine)
            async with Jobs(service) as app.state.jobs:
                with when_asked_to_stop(service.waiting.stop):
                    yield
        await in_thread(traces.flush)

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
    logs.configure(settings)
    traces.configure(settings, "adapter")
    if settings.api_key:
        open_paths = (*OPEN, metrics.PATH) if settings.metrics_open else OPEN
        app.add_middleware(RequireKey, owners=settings.owners, open_paths=open_paths)
        declare_keys(app)
    for router in ROUTERS:
        app.include_router(router)
    docs.install(app)
    page.install(app)
    observe(app)
    return app


def observe(app: FastAPI) -> None:
    """Put what observes requests around all that the application has by now."""
    app.state.metrics = Metrics()
    routes = (route for router in ROUTERS for route in router.routes)
    paths = {route.path for route in routes if "{" not in route.path}
    inner = app.build_middleware_stack
    app.build_middleware_stack = lambda: Observed(inner(), app.state.metrics, paths)
