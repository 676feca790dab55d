"""Run by Alembic: the steps, on the connection that it is given."""

from alembic import context

from adapter.jobs.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
