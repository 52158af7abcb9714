"""The steps from one schema to the next (数据表升级), for alembic."""
