"""Adapters to the frameworks of hosts (宿主框架适配); each needs its own extra."""
