"""
Signatures of webhooks (回调签名): HMAC-SHA256 over id, moment and body, in the headers of Standard Webhooks.

The moment is signed too, so that a request that was overheard cannot be sent again later.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from zhiwen_flow.errors import MisuseError, SignatureError

ID, MOMENT, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
VERSION = "v1"
KEY_BYTES = 24
TOLERANCE = dt.timedelta(minutes=5)
_PREFIX = "whsec_"


def key_of(secret: str | bytes) -> bytes:
    """
    Read a key (签名密钥): bytes as they are, or base64 after ``whsec_``.

    Raises:
        MisuseError: it is shorter than 24 bytes, or no base64.

    >>> len(key_of("whsec_" + "QUJD" * 8))
    24
    """
    key = secret.encode() if isinstance(secret, str) else secret
    if key.startswith(_PREFIX.encode()):
        try:
            key = base64.b64decode(key.removeprefix(_PREFIX.encode()), validate=True)
        except binascii.Error:
            raise MisuseError(f"the signing key is no base64 after `{_PREFIX}`; make a new one") from None
    if len(key) < KEY_BYTES:
        raise MisuseError(f"the signing key has {len(key)} bytes; give at least {KEY_BYTES} random ones")
    return key


def signed(id: str, body: bytes, key: bytes, *, at: dt.datetime) -> dict[str, str]:
    """
    Sign a request (签名).

    Args:
        id: Id of the event.
        body: The request's body.
        key: See `key_of`.
        at: When it is sent, aware.

    Returns:
        The headers.
    """
    moment = str(int(at.timestamp()))
    return {ID: id, MOMENT: moment, SIGNATURE: f"{VERSION},{_mark(id, moment, body, key)}"}


def _mark(id: str, moment: str, body: bytes, key: bytes) -> str:
    text = f"{id}.{moment}.".encode() + body
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


def verify_signature(
    headers: Mapping[str, str],
    body: bytes,
    keys: Sequence[bytes],
    *,
    now: dt.datetime,
    tolerance: dt.timedelta = TOLERANCE,
) -> str:
    """
    Check that a request was sent by who holds a key, and lately (验证签名).

    Args:
        headers: Of the request, whatever their case.
        body: Its bytes as they came, not parsed and written again.
        keys: See `key_of`; several while a key is being replaced.
        now: The moment, aware.
        tolerance: How old or early the request may be.

    Returns:
        Id of the event.

    Raises:
        SignatureError: a header is missing, the request is too old or early, or no key fits.

    >>> key, at = bytes(range(24)), dt.datetime(2011, 9, 1, tzinfo=dt.UTC)
    >>> verify_signature(signed("e-1", b"{}", key, at=at), b"{}", [key], now=at)
    'e-1'
    """
    found = {name.lower(): value for name, value in headers.items()}
    try:
        id, moment, marks = found[ID], found[MOMENT], found[SIGNATURE]
        sent = dt.datetime.fromtimestamp(int(moment), dt.UTC)
        # Some servers give bytes that are no UTF-8 as half characters, which could not be compared below.
        f"{id}{moment}{marks}".encode()
    except (KeyError, ValueError, OverflowError, OSError):
        raise SignatureError(f"`{ID}`, `{MOMENT}` or `{SIGNATURE}` is missing or unreadable; refuse it") from None
    if abs(now - sent) > tolerance:
        raise SignatureError(f"it was signed more than {tolerance} ago or ahead; refuse it, and look at both clocks")
    given = [each.removeprefix(f"{VERSION},") for each in marks.split() if each.startswith(f"{VERSION},")]
    right = [_mark(id, moment, body, key).encode() for key in keys]
    # Every pair is compared, so that time tells nothing.
    if True not in [hmac.compare_digest(one.encode(), other) for one in given for other in right]:
        raise SignatureError("no key fits its signature; refuse it, and compare the keys of both sides")
    return id
