"""Reading an official plan's text (方案导入): rules, not a model; deterministic; nothing guessed, nothing lost."""

from zhiwen_flow.importing.reading import Imported, import_text

__all__ = ["Imported", "import_text"]
