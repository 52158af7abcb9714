"""
Merkle tree hashing by RFC 6962 (默克尔树): leaves and nodes are hashed apart, so that neither passes for the other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable


class MerkleRoot:
    """
    Takes leaves one by one and gives the root (逐个加入并求根), in memory that grows with the log of their number.

    >>> root = MerkleRoot()
    >>> root.hexdigest()
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        # Roots of complete subtrees, the largest first; sizes are the bits of `count`.
        self._peaks: list[bytes] = []
        self.count = 0
        for each in leaves:
            self.add(each)

    def add(self, leaf: bytes) -> None:
        """Add a leaf."""
        node = hashlib.sha256(b"\x00" + leaf).digest()
        size = self.count
        while size & 1:
            node = hashlib.sha256(b"\x01" + self._peaks.pop() + node).digest()
            size >>= 1
        self._peaks.append(node)
        self.count += 1

    def hexdigest(self) -> str:
        """Give the root of what was added so far, in hex."""
        if not self._peaks:
            return hashlib.sha256(b"").hexdigest()
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = hashlib.sha256(b"\x01" + peak + node).digest()
        return node.hex()


def head_leaf(stream: str, position: int, hash: str) -> bytes:
    """Give the leaf that stands for the end of one stream's chain."""
    return f"{stream}:{position}:{hash}".encode()
