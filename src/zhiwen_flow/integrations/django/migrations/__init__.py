"""Migrations of the app (应用的数据库迁移)."""
