"""Sphinx settings. Generated pages are committed; `python docs/generate.py` writes them anew, and a test compares."""

from zhiwen_flow import __doc__ as about

project = "zhiwen_flow"
author = "zhiwen_flow contributors"
language = "zh_CN"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "治庸问责流程库 zhiwen_flow"
html_static_path = ["_static"]
exclude_patterns = ["_build", "generate.py"]
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_custom_sections = [("Source", "notes_style")]
nitpick_ignore_regex = [("py:.*", r".*")]
html_show_copyright = False
html_short_title = (about or "").strip().split(" ", 1)[0]
