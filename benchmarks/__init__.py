"""Benchmarks: every layer beside a floor that does the same work, in the same run, printed as ratios."""
