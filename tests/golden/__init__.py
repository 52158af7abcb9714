"""Logs of every released schema of events, kept for ever: whatever is written later, these verify, fold and replay."""
