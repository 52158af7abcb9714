"""How alembic reaches the database: through the connection, or into the buffer, that `migrating` hands over."""

from __future__ import annotations

from alembic import context

from zhiwen_flow.stores.sql.revisions import VERSION_TABLE

if context.is_offline_mode():
    context.configure(
        dialect_name=context.config.get_main_option("dialect"),
        version_table=VERSION_TABLE,
        transactional_ddl=True,
        output_buffer=context.config.attributes["buffer"],
    )
    context.run_migrations()
else:
    context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
    context.run_migrations()
