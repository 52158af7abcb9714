"""Webhooks: signed, bounded in time and size, and sent nowhere but where they may be."""

from __future__ import annotations

import datetime as dt
import http.server
import itertools
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from zhiwen_flow.errors import MisuseError, SignatureError, SinkError
from zhiwen_flow.relay.addresses import ForbiddenError, networks_of, resolve, target_of
from zhiwen_flow.relay.envelope import Envelope
from zhiwen_flow.relay.signing import key_of, signed, verify_signature
from zhiwen_flow.relay.webhook import ANSWER_BYTES, WebhookSink

KEY = bytes(range(24))
HERE = ["127.0.0.1/32"]
AT = dt.datetime(2011, 9, 1, tzinfo=dt.UTC)
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def event(id: str = "e-1", body: bytes = b'{"id":"e-1"}') -> Envelope:
    """Make an event."""
    return Envelope(id=id, source="urn:a", type="t", subject=id, machine="m", kind="moved", body=body)


def status(code: int, **headers: str) -> Answer:
    """Answer with a status."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


class Receiver:
    """A receiver on this machine, which answers as it is told."""

    def __init__(self, answer: Answer, host: str = "127.0.0.1", context: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.sent = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((dict(self.headers), body))
                try:
                    outer.answer(self)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                return

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: Any) -> None:
                return

        self.answer = answer
        self._server = Server((host, 0), Handler)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def url(self, host: str = "127.0.0.1", scheme: str = "http") -> str:
        """Give its address."""
        return f"{scheme}://{host}:{self.port}/hook?a=1"

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def receivers() -> Iterator[Callable[..., Receiver]]:
    """Give a maker of receivers."""
    made: list[Receiver] = []

    def make(*args: Any, **more: Any) -> Receiver:
        made.append(Receiver(*args, **more))
        return made[-1]

    yield make
    for each in made:
        each.close()


Make = Callable[..., Receiver]


@pytest.fixture
def sinks() -> Iterator[Callable[..., WebhookSink]]:
    """Give a maker of sinks."""
    made: list[WebhookSink] = []

    def make(url: str, **more: Any) -> WebhookSink:
        made.append(WebhookSink(url, KEY, **{"allowed": HERE, "timeout": 1.0, **more}))
        return made[-1]

    yield make
    for each in made:
        each.close()


Sinks = Callable[..., WebhookSink]


class TestDelivery:
    """What a receiver gets, and what its answers mean."""

    def test_a_request_is_signed(self, receivers: Make, sinks: Sinks) -> None:
        """The receiver can check who sent it, and that nobody changed it."""
        receiver = receivers(status(204))
        receipts = list(sinks(receiver.url()).publish([event(), event("e-2", b"{}")]))
        assert [(each.id, each.error) for each in receipts] == [("e-1", None), ("e-2", None)]
        (headers, body), (_, second) = receiver.requests
        assert (body, second) == (event().body, b"{}")
        assert headers["Content-Type"] == "application/cloudevents+json; charset=utf-8"
        now = dt.datetime.now(dt.UTC)
        assert verify_signature(headers, body, [KEY], now=now) == "e-1"
        with pytest.raises(SignatureError):
            verify_signature(headers, body + b" ", [KEY], now=now)

    @pytest.mark.parametrize("code", [400, 404, 429, 500, 503, 301, 302, 303, 304])
    def test_another_answer_than_2xx_refuses_the_event(self, receivers: Make, sinks: Sinks, code: int) -> None:
        """A redirect that would turn into a reading is none to follow."""
        receiver = receivers(status(code, Location="/other"))
        receipts = list(sinks(receiver.url()).publish([event(), event("e-2")]))
        assert [each.error for each in receipts] == [f"the receiver answered {code}"] * 2
        assert len(receiver.requests) == 2

    def test_no_answer_in_time(self, receivers: Make, sinks: Sinks) -> None:
        """The event is refused, and the others wait."""
        receiver = receivers(lambda _: time.sleep(3))
        answers = sinks(receiver.url(), timeout=0.3).publish([event(), event("e-2")])
        began = time.monotonic()
        assert next(answers).error == "no answer in time"
        with pytest.raises(SinkError, match="did not answer"):
            next(answers)
        assert time.monotonic() - began < 2
        assert len(receiver.requests) == 1

    def test_an_answer_in_drops_is_cut(self, receivers: Make, sinks: Sinks) -> None:
        """A limit for each read alone would wait for hours."""

        def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(100):
                handler.wfile.write(b"x")
                time.sleep(0.05)

        began = time.monotonic()
        answers = sinks(receivers(drip).url(), timeout=0.5).publish([event()])
        assert next(answers).error == "no answer in time"
        assert time.monotonic() - began < 2

    def test_a_huge_answer_is_not_read(self, receivers: Make, sinks: Sinks) -> None:
        """Its status counts; the rest stays where it is, and the next event gets a connection of its own."""

        def flood(handler: http.server.BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Length", str(10**10))
            handler.end_headers()
            for _ in range(10**10 // 65536):
                receiver.sent += handler.connection.send(b"x" * 65536)

        receiver = receivers(flood)
        receipts = list(sinks(receiver.url()).publish([event(), event("e-2")]))
        assert [each.error for each in receipts] == [None, None]
        assert receiver.sent < 2 * 50 * ANSWER_BYTES * 4

    def test_a_connection_that_the_receiver_closed_is_opened_again(self, receivers: Make, sinks: Sinks) -> None:
        """Idle connections end; the event is sent anew."""

        def close(handler: http.server.BaseHTTPRequestHandler) -> None:
            status(200)(handler)
            handler.close_connection = True

        receiver = receivers(close)
        sink = sinks(receiver.url())
        for id in ("a", "b", "c"):
            assert [each.error for each in sink.publish([event(id)])] == [None]
            time.sleep(0.05)
        assert len(receiver.requests) == 3

    def test_nobody_there(self, sinks: Sinks) -> None:
        """No event is blamed."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with pytest.raises(SinkError, match="cannot be called"):
            next(sinks(f"http://127.0.0.1:{port}/").publish([event()]))

    def test_tls(self, receivers: Make, sinks: Sinks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A certificate that nobody vouches for is refused; one of a known authority is not."""
        key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
        request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        request += ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
        try:
            subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("no openssl to make a certificate with")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        receiver = receivers(status(200), context=context)
        sink = sinks(receiver.url(scheme="https"))
        with pytest.raises(SinkError, match="certificate verify failed"):
            next(sink.publish([event()]))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert [each.error for each in sink.publish([event(), event("e-2")])] == [None, None]


class TestAddresses:
    """Where requests may go."""

    @pytest.mark.parametrize("code", [307, 308])
    def test_a_redirect_is_checked_as_the_target_is(self, receivers: Make, sinks: Sinks, code: int) -> None:
        """To a private address it is refused, and nothing is sent there; to an allowed one it is followed."""
        inner = receivers(status(200), host="127.0.0.2")
        outer = receivers(status(code, Location=inner.url("127.0.0.2")))
        (receipt,) = sinks(outer.url()).publish([event()])
        assert "not public" in str(receipt.error)
        assert inner.requests == []
        (receipt,) = sinks(outer.url(), allowed=["127.0.0.0/8"]).publish([event()])
        assert receipt.error is None
        assert inner.requests[0][1] == event().body

    @pytest.mark.parametrize(
        "to", ["http://169.254.169.254/latest", "http://[::1]/", "http://10.0.0.1/", "//[fe80::1]/"]
    )
    def test_redirects_inwards(self, receivers: Make, sinks: Sinks, to: str) -> None:
        """Link-local, loopback and private addresses are refused at once."""
        (receipt,) = sinks(receivers(status(307, Location=to)).url()).publish([event()])
        assert "not public" in str(receipt.error)

    @pytest.mark.parametrize(
        "to",
        [
            "file:///etc/passwd",
            "gopher://a/",
            "http://u:p@127.0.0.1/",
            "http://127.0.0.1:x/",
            "http://[",
            "//[none]/",
            "http://a..b/",
            f"http://{'a' * 64}.example/",
        ],
    )
    def test_redirects_to_nothing(self, receivers: Make, sinks: Sinks, to: str) -> None:
        """Another scheme, a password, or nonsense that no resolver takes: one event is refused, the relay goes on."""
        (receipt,) = sinks(receivers(status(307, Location=to)).url()).publish([event()])
        assert "to where nothing can be sent" in str(receipt.error)

    def test_redirects_without_end(self, receivers: Make, sinks: Sinks) -> None:
        """A circle is left."""
        receiver = receivers(status(307, Location="/hook"))
        (receipt,) = sinks(receiver.url()).publish([event()])
        assert "more than 3 times" in str(receipt.error)
        assert len(receiver.requests) == 4

    def test_a_private_target(self, receivers: Make, sinks: Sinks) -> None:
        """Refused unless allowed, before a byte is sent; no event is blamed."""
        receiver = receivers(status(200))
        with pytest.raises(SinkError, match="not public"):
            next(sinks(receiver.url(), allowed=()).publish([event()]))
        assert receiver.requests == []

    def test_a_name_that_answers_otherwise_a_moment_later(
        self, receivers: Make, sinks: Sinks, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What was checked is connected to."""
        right = receivers(status(200))
        genuine, told = socket.getaddrinfo, itertools.chain(["127.0.0.1"], itertools.repeat("127.0.0.2"))
        asked = []

        def rebinding(host: str, *args: Any, **more: Any) -> Any:
            if host == "rebind.test":
                asked.append(host)
                host = next(told)
            return genuine(host, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", rebinding)
        sink = sinks(right.url("rebind.test"))
        assert [each.error for each in sink.publish([event()])] == [None]
        assert len(asked) == 1
        sink.close()
        with pytest.raises(SinkError, match=r"127\.0\.0\.2, which is not public"):
            next(sink.publish([event()]))

    @pytest.mark.parametrize(
        "address",
        [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
            "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
            "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::",
        ],
    )  # fmt: skip
    def test_addresses_that_are_not_public(self, address: str) -> None:
        """However they are written."""
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(ForbiddenError):
            resolve(target_of(f"http://{host}/"), ())

    @pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
    def test_public_addresses(self, address: str) -> None:
        """They may be called."""
        host = f"[{address}]" if ":" in address else address
        assert [ip_address(each) for each in resolve(target_of(f"http://{host}/"), ())] == [ip_address(address)]

    def test_an_allowed_network_allows_no_more(self) -> None:
        """Its neighbours stay out."""
        allowed = networks_of(["10.1.0.0/16"])
        assert resolve(target_of("http://10.1.2.3/"), allowed) == ["10.1.2.3"]
        with pytest.raises(ForbiddenError):
            resolve(target_of("http://10.2.0.1/"), allowed)


class TestSigning:
    """Signatures."""

    def test_a_key_is_replaced(self) -> None:
        """Both are taken meanwhile."""
        headers = signed("e", b"x", KEY, at=AT)
        assert verify_signature(headers, b"x", [b"n" * 24, KEY], now=AT) == "e"
        with pytest.raises(SignatureError, match="no key fits"):
            verify_signature(headers, b"x", [b"n" * 24], now=AT)

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_a_request_sent_again_later(self, minutes: int) -> None:
        """Old and future ones are refused, and their moment cannot be changed."""
        headers = signed("e", b"x", KEY, at=AT)
        late = AT + dt.timedelta(minutes=minutes)
        with pytest.raises(SignatureError, match="ago or ahead"):
            verify_signature(headers, b"x", [KEY], now=late)
        with pytest.raises(SignatureError, match="no key fits"):
            verify_signature(headers | {"webhook-timestamp": str(int(late.timestamp()))}, b"x", [KEY], now=late)

    @pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    @pytest.mark.parametrize("value", [None, "", "é", "\udc80", "9" * 400])
    def test_broken_headers(self, name: str, value: str | None) -> None:
        """Whatever comes is refused."""
        headers = signed("e", b"x", KEY, at=AT)
        changed = {key: each for key, each in headers.items() if key != name} | ({name: value} if value else {})
        with pytest.raises(SignatureError):
            verify_signature(changed, b"x", [KEY], now=AT)

    @pytest.mark.parametrize("secret", ["short", "whsec_???", "whsec_QUJD", b""])
    def test_weak_keys(self, secret: str | bytes) -> None:
        """A key is random, and long; it is not repeated in the error."""
        with pytest.raises(MisuseError) as error:
            key_of(secret)
        assert not secret or str(secret) not in str(error.value)

    @pytest.mark.parametrize("url", ["", "ftp://a/", "https://", "https://u:p@a/", "https://a b/", "http://[x/"])
    def test_urls(self, url: str) -> None:
        """What is no URL is told so, and no password is repeated."""
        with pytest.raises(MisuseError) as error:
            WebhookSink(url, KEY)
        assert "u:p" not in str(error.value)
