"""
Which addresses a webhook may be sent to (回调地址检查): public ones, and private ones only where the host allows them.

What is checked is connected to: a name that answers otherwise a moment later changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

import attrs

from zhiwen_flow.errors import MisuseError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_TRANSLATED = ip_network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


class ForbiddenError(Exception):
    """An address that may not be called (禁止访问的地址)."""


@attrs.frozen(kw_only=True)
class Target:
    """Where a request goes (请求目标)."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """What one connection serves (同源)."""
        return self.scheme, self.host, self.port


def target_of(url: str) -> Target:
    """
    Read a URL (读取回调地址).

    Raises:
        MisuseError: it is no ``http://`` or ``https://`` URL, or holds a password.

    >>> target_of("https://oa.example/hook?a=1")
    Target(scheme='https', host='oa.example', port=443, path='/hook?a=1')
    """
    try:
        parts = urlsplit(url)
        port = parts.port
        # A name that no resolver could take; it would raise something else than an unknown one does.
        (parts.hostname or "").encode("idna")
    except ValueError:
        raise MisuseError("the webhook URL cannot be read; give `https://host/path`") from None
    if parts.scheme not in _PORTS or not parts.hostname or not url.isascii() or not url.isprintable() or " " in url:
        raise MisuseError("the webhook URL is none; give `https://host/path`")
    if parts.username is not None or parts.password is not None:
        raise MisuseError("the webhook URL holds a user or password; leave it out, requests are signed")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme=parts.scheme, host=parts.hostname, port=port or _PORTS[parts.scheme], path=path)


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """
    Read networks (读取网段).

    Raises:
        MisuseError: one of them is none.
    """
    try:
        return tuple(ip_network(each) for each in texts)
    except ValueError as error:
        raise MisuseError(f"{error}; give a network such as `10.1.0.0/16`") from None


def resolve(target: Target, allowed: Sequence[Network]) -> list[str]:
    """
    Resolve a name and check every address that it has (解析并检查地址).

    Args:
        target: Where to.
        allowed: Networks that may be called although they are not public.

    Returns:
        The addresses to connect to.

    Raises:
        OSError: the name is not known.
        ForbiddenError: one of the addresses may not be called.
    """
    found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    for each in addresses:
        if not _may_be_called(ip_address(each), allowed):
            raise ForbiddenError(f"`{target.host}` has the address {each}, which is not public; allow its network")
    return addresses


def _may_be_called(address: Address, allowed: Sequence[Network]) -> bool:
    inner = _inner(address)
    if any(inner in network for network in allowed if network.version == inner.version):
        return True
    return all(each.is_global and not each.is_multicast for each in (address, inner))


def _inner(address: Address) -> Address:
    """Give the IPv4 address that an IPv6 address stands for; others as they are."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
