"""An example host on FastAPI (FastAPI 示例宿主)."""
