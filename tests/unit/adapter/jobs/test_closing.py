"""The loops that work on jobs end with their application, and leave no task behind."""

import asyncio
import gc

from adapter.app import create_app
from pipeline.settings import Settings
from tests.services.ports import free_ports


def test_nothing_is_left_of_jobs_when_the_application_ends(tmp_path):
    complaints = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, context: complaints.append(context["message"])
        )
        (port,) = free_ports(1)
        settings = Settings(_env_file=None, triton_grpc_port=port, data_dir=tmp_path)
        for seconds in (0.0, 0.1):  # before they sleep, and while they do
            app = create_app(settings)
            async with app.router.lifespan_context(app):
                await asyncio.sleep(seconds)
            assert asyncio.all_tasks() == {asyncio.current_task()}
        gc.collect()

    asyncio.run(main())
    assert complaints == []
