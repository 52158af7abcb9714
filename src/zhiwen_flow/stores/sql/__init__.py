"""The SQL store (关系数据库存储): one schema and one code for SQLite and PostgreSQL."""
