"""
Ed25519 signatures (Ed25519 签名), by `cryptography`; needs the extra ``crypto``. No key is ever printed.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from zhiwen_flow.errors import AuditError

ALGORITHM = "ed25519"


class Ed25519Signer:
    """A private key (私钥); see `Signer`."""

    algorithm = ALGORITHM

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.key = _fingerprint(private.public_key())

    def __repr__(self) -> str:
        return f"Ed25519Signer({self.key})"

    def sign(self, data: bytes) -> bytes:
        """See `Signer.sign`."""
        return self._private.sign(data)


class Ed25519Verifier:
    """A public key (公钥); see `Verifier`."""

    algorithm = ALGORITHM

    def __init__(self, public: Ed25519PublicKey) -> None:
        self._public = public
        self.key = _fingerprint(public)

    def __repr__(self) -> str:
        return f"Ed25519Verifier({self.key})"

    def verify(self, data: bytes, signature: bytes) -> bool:
        """See `Verifier.verify`."""
        try:
            self._public.verify(signature, data)
        except InvalidSignature:
            return False
        return True


def _fingerprint(public: Ed25519PublicKey) -> str:
    return hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()


def read_private(path: Path) -> Ed25519Signer:
    """Read a private key; see `read_signer`."""
    try:
        found = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise AuditError(f"`{path}` cannot be read: {error.strerror}; name a key file") from None
    except TypeError:
        raise AuditError(f"`{path}` is encrypted; decrypt it first, or sign by a signer of your own") from None
    except (ValueError, UnsupportedAlgorithm):
        raise AuditError(f"`{path}` is not a private key in PEM; make one with `zhiwen-flow audit key`") from None
    if not isinstance(found, Ed25519PrivateKey):
        raise AuditError(f"`{path}` is not an Ed25519 key; make one with `zhiwen-flow audit key`")
    return Ed25519Signer(found)


def read_public(path: Path) -> Ed25519Verifier:
    """Read a public key; see `read_verifier`."""
    try:
        found = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise AuditError(f"`{path}` cannot be read: {error.strerror}; name a key file") from None
    except (ValueError, UnsupportedAlgorithm):
        raise AuditError(f"`{path}` is not a public key in PEM; give the `.pub` file") from None
    if not isinstance(found, Ed25519PublicKey):
        raise AuditError(f"`{path}` is not an Ed25519 key; give the `.pub` file")
    return Ed25519Verifier(found)


def make(path: Path) -> tuple[Path, str]:
    """Make a pair of keys; see `make_key`."""
    private = Ed25519PrivateKey.generate()
    beside = path.with_name(path.name + ".pub")
    secret = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for file, data, mode in ((path, secret, 0o600), (beside, public, 0o644)):
        try:
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
                out.write(data)
        except OSError as error:
            raise AuditError(f"`{file}` cannot be made: {error.strerror}; name another file") from None
    return beside, _fingerprint(private.public_key())
