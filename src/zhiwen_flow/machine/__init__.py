"""Machines as data (状态机定义): values, loading, structural check, overlays, forms and typed classes."""
