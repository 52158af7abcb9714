"""
What hosts' frameworks hold of the library (与各框架的衔接); each needs its extra.
"""
