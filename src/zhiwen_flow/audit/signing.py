"""
Signatures on checkpoints (检查点签名): who vouches for what a log was.

The library signs with Ed25519 by the extra ``crypto``; a host may bring another algorithm, such as SM2, by these two
protocols.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from zhiwen_flow.audit.findings import BadError
from zhiwen_flow.errors import AuditError


class Signer(Protocol):
    """
    Holds a private key (签名者).

    `algorithm` names how it signs, for example ``"ed25519"``; `key` is a fingerprint of its public key.
    """

    algorithm: str
    key: str

    def sign(self, data: bytes) -> bytes:
        """Sign *data*."""


class Verifier(Protocol):
    """Holds a public key (验签者); see `Signer`."""

    algorithm: str
    key: str

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether *signature* was made over *data* with the private key."""


def signature_of(signer: Signer, data: bytes) -> dict[str, str]:
    """Sign *data* (签名), and say with what."""
    return {"algorithm": signer.algorithm, "key": signer.key, "value": signer.sign(data).hex()}


def verified(verifier: Verifier, data: bytes, signature: Any, where: str) -> str:
    """
    Hold a signature against the data and the key (验签).

    Args:
        verifier: The key that must have signed.
        data: What was signed.
        signature: What the file says of its signature; None where it says nothing.
        where: The file, for the error.

    Returns:
        The fingerprint of the key.

    Raises:
        BadError: there is no signature, or it is of another key or algorithm, or it does not fit.
    """
    if signature is None:
        raise BadError(
            where, "检查点没有签名,而要求有签名", "the checkpoint is not signed, and a signed one was asked for"
        )
    if not isinstance(signature, Mapping) or set(signature) != {"algorithm", "key", "value"}:
        raise BadError(where, "签名不成其为签名", "what stands as its signature is none")
    if signature["algorithm"] != verifier.algorithm:
        zh = f"签名算法不是{verifier.algorithm}"
        raise BadError(where, zh, f"it is signed by another algorithm than {verifier.algorithm}")
    if signature["key"] != verifier.key:
        raise BadError(where, "检查点不是用所给公钥对应的私钥签的", "it is signed with another key than the one given")
    try:
        fits = verifier.verify(data, bytes.fromhex(signature["value"]))
    except (TypeError, ValueError):
        fits = False
    if not fits:
        zh = "签名与检查点不符,二者之一被改动"
        raise BadError(where, zh, "the signature does not fit: the checkpoint or its signature was altered")
    return verifier.key


def read_signer(path: Path) -> Signer:
    """
    Read an Ed25519 private key (读取私钥).

    Args:
        path: PEM file, PKCS#8, as ``zhiwen-flow audit key`` or ``openssl genpkey -algorithm ed25519`` writes it.

    Raises:
        AuditError: it cannot be read, or is another kind of key, or the extra ``crypto`` is missing.
    """
    found: Signer = _ed25519().read_private(path)
    return found


def read_verifier(path: Path) -> Verifier:
    """
    Read an Ed25519 public key (读取公钥).

    Args:
        path: PEM file, as ``zhiwen-flow audit key`` or ``openssl pkey -pubout`` writes it.

    Raises:
        AuditError: it cannot be read, or is another kind of key, or the extra ``crypto`` is missing.
    """
    found: Verifier = _ed25519().read_public(path)
    return found


def make_key(path: Path) -> tuple[Path, str]:
    """
    Make a pair of keys (生成密钥): the private one, readable by its owner only, and beside it ``.pub``.

    Args:
        path: Where the private key goes; nothing there is overwritten.

    Returns:
        The file of the public key, and its fingerprint.

    Raises:
        AuditError: a file is there already or cannot be written, or the extra ``crypto`` is missing.
    """
    found: tuple[Path, str] = _ed25519().make(path)
    return found


def _ed25519() -> ModuleType:
    try:
        return import_module("zhiwen_flow.audit.ed25519")
    except ModuleNotFoundError as error:
        raise AuditError("signatures need their package; install `zhiwen-flow[crypto]`") from error
