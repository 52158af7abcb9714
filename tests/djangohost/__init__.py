"""The library inside a Django host."""
