"""Small hosts that run (示例宿主)."""
