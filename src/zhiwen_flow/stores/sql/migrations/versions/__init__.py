"""One module for each revision (各版本)."""
