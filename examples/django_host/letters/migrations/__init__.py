"""Migrations of the host's own table (信访件表的迁移)."""
