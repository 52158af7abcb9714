"""Stores (存储): where instances and events are kept, behind one protocol."""
