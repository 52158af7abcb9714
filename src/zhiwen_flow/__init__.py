"""Reusable state machines for accountability work (治庸问责)."""
