"""The audit log (审计日志): export, verification, checkpoints, and the one door through which events are shown."""
