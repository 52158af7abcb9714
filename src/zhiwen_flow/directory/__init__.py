"""The directory (组织目录): organs, posts, incumbents and the list of managed posts, all dated."""

from zhiwen_flow.directory.book import Directory
from zhiwen_flow.directory.rows import Delegation, Duty, ListKind, Organ, PersonFact, Post, PostListing

__all__ = ["Delegation", "Directory", "Duty", "ListKind", "Organ", "PersonFact", "Post", "PostListing"]
