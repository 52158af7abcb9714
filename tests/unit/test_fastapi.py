"""The router on small machines: who may ask, what is read of a request, what is shown, and what an error tells."""

# No `from __future__ import annotations`: FastAPI reads the annotations of functions made in tests.

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from openapi_spec_validator import validate
from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session

from tests.small import amount_is_at_most, permit, raises, raw
from zhiwen_flow.audit.view import Viewer
from zhiwen_flow.clock import SystemClock
from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import CorruptStoreError, DefinitionError, Fault, MisuseError, StoreError, UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.fastapi import Limits, zhiwen_router
from zhiwen_flow.machine.reading import machine_from
from zhiwen_flow.model import Actor
from zhiwen_flow.stores.memory import MemoryStore
from zhiwen_flow.stores.protocol import Answer, Conflict

CLERK = Actor(id="p-1", post="transport_leading_group_office.clerk")
PROBLEM = "application/problem+json"
SECRET = "postgresql://oa:hunter2@db.internal/oa"


def _permit() -> Any:
    """Give the permit desk, whose check is about a person, and with a step whose guard goes wrong."""
    data = raw()
    data["transition"][0]["prejudicial"] = True
    data["transition"][2]["guards"] = ["raises"]
    return permit(**data)


DEFINITIONS = Definitions.load(machines=[_permit()], guards=[amount_is_at_most, raises])


class Host:
    """An application on one flow in memory; what the host says may be changed while it runs."""

    def __init__(self, flow: Flow, **router: Any) -> None:
        self.flow = flow
        self.viewer = Viewer()
        self.actor: Any = CLERK
        app = FastAPI()
        given = {"actor": lambda: self.actor, "viewer": lambda: self.viewer} | router
        made = zhiwen_router(flow.definitions, lambda: self.flow, machines=["permit"], **given)
        app.include_router(made, prefix="/z")
        self.app = app
        self.client = TestClient(app, base_url="http://host/z/", raise_server_exceptions=False)

    def ask(self, path: str, payload: Any = None, **parts: Any) -> Any:
        """Send a command."""
        headers = parts.pop("headers", {})
        return self.client.post(path, json={"payload": payload or {}, **parts}, headers=headers)

    def open(self) -> str:
        """Open a permit, and give its id."""
        return str(self.ask("start/permit", {"amount": 5, "who": "某甲"}).json()["stream"])


def _flow(store: MemoryStore | None = None) -> Flow:
    return Flow(store or MemoryStore("default"), DEFINITIONS, actor=None, clock=SystemClock())


@pytest.fixture(name="served", scope="module")
def _served() -> Host:
    return Host(_flow())


@pytest.fixture(name="host")
def _host(served: Host) -> Host:
    served.flow, served.viewer, served.actor = _flow(), Viewer(), CLERK
    return served


def _problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    told = (answer.status_code, answer.headers["content-type"], found["type"], found["status"])
    assert told == (status, PROBLEM, f"urn:zhiwen-flow:problem:{kind}", status), found
    assert answer.headers["cache-control"] == "no-store"
    return found


class TestWho:
    """Who acts is the host's to say."""

    @pytest.mark.parametrize("provider", [None, lambda: None, lambda: "p-1"])
    def test_without_an_actor_every_request_is_refused(self, host: Host, provider: Callable[[], Any] | None) -> None:
        """Nothing is done, read or even looked up, whatever the request says of itself."""
        stream = host.open()
        closed = Host(host.flow, actor=provider)
        claims = {"X-Actor": "p-1", "Authorization": "Bearer p-1"}
        count = 0
        for path, methods in closed.app.openapi()["paths"].items():
            for method in methods:
                url = path.replace("{instance}", stream).replace("{machine}", "permit")
                answer = TestClient(closed.app).request(method, url, json={"actor": CLERK.id}, headers=claims)
                _problem(answer, 403, "no_actor")
                count += 1
        assert count >= 15
        assert len(host.flow.events()) == 1

    def test_a_request_cannot_name_its_actor(self, host: Host) -> None:
        """A part that is no part of a command is a fault, and the log names whom the host named."""
        found = _problem(host.ask("start/permit", actor={"id": "p-9", "post": "x"}), 422, "invalid_payload")
        assert [each["pointer"] for each in found["errors"]] == ["#/actor"]
        host.open()
        assert host.flow.events()[0]["actor"]["id"] == CLERK.id

    def test_a_key_is_its_actors_own(self, host: Host) -> None:
        """Two people may choose the same key, and nobody can spend the keys of `tick`."""
        key = {"Idempotency-Key": "tick:1"}
        first = host.ask("start/permit", headers=key).json()
        host.actor = Actor(id="p-2", post=CLERK.post)
        second = host.ask("start/permit", headers=key)
        assert (second.status_code, second.json()["replayed"]) == (201, False)
        assert second.json()["stream"] != first["stream"]
        assert host.flow.store.answer("tick:1") is None


HOSTILE: dict[str, tuple[bytes, int, str]] = {
    "not a number": (b'{"payload": {"amount": NaN}}', 400, "bad_body"),
    "endless": (b'{"payload": {"amount": Infinity}}', 400, "bad_body"),
    "overflow": (b'{"payload": {"amount": 1e999}}', 422, "invalid_payload"),
    "five thousand digits": (b'{"payload": {"amount": %s}}' % (b"9" * 5000), 400, "bad_body"),
    "beyond 2^53": (b'{"payload": {"amount": 9007199254740993}}', 422, "invalid_payload"),
    "half a character": (b'{"payload": {"note": "\\ud800"}}', 400, "bad_body"),
    "half a character as a name": (b'{"\\ud800": 1}', 400, "bad_body"),
    "a name twice": (b'{"payload": {"amount": 1, "amount": 200}}', 400, "bad_body"),
    "a thousand deep": (b'{"payload": ' + b"[" * 100_000, 400, "bad_body"),
    "eleven deep": (b'{"payload": {"note": %s}}' % (b"[" * 11 + b"]" * 11), 400, "bad_body"),
    "not UTF-8": (b'{"payload": {"note": "\xff"}}', 400, "bad_body"),
    "UTF-16": ('{"payload": {}}'.encode("utf-16"), 400, "bad_body"),
    "cut off": (b'{"payload": {', 400, "bad_body"),
    "a list": (b"[]", 400, "bad_body"),
    "payload of another kind": (b'{"payload": []}', 422, "invalid_payload"),
    "control character": (b'{"business_id": "a\\u0000b"}', 422, "invalid_payload"),
    "empty text": (b'{"business_id": ""}', 422, "invalid_payload"),
    "endless text": (b'{"reason": "%s"}' % (b"x" * 1001), 422, "invalid_payload"),
    "no time zone": (b'{"occurred_at": "2011-09-01T09:00:00"}', 422, "invalid_payload"),
    "before all calendars": (b'{"occurred_at": "0001-01-01T00:00:00+14:00"}', 422, "invalid_payload"),
}


class TestReading:
    """What is read of a request, and what is not."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_hostile_bodies(self, host: Host, name: str) -> None:
        """A problem of the client's, and nothing recorded."""
        body, status, kind = HOSTILE[name]
        answer = host.client.post("start/permit", content=body, headers={"Content-Type": "application/json"})
        _problem(answer, status, kind)
        assert host.flow.events() == ()

    def test_a_sealed_text_with_a_nul_is_kept(self, host: Host) -> None:
        """JSON allows it, and so does the log."""
        assert host.ask("start/permit", {"who": "a\0b"}).status_code == 201

    @pytest.mark.parametrize("media", ["text/plain", "application/json; charset=gbk", "multipart/form-data", ""])
    def test_other_media_types(self, host: Host, media: str) -> None:
        """Only JSON in UTF-8."""
        answer = host.client.post("start/permit", content=b"{}", headers={"Content-Type": media})
        _problem(answer, 415, "media_type")

    def test_compressed_bodies(self, host: Host) -> None:
        """They would unfold after they were measured."""
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        _problem(host.client.post("start/permit", content=b"\x1f\x8b", headers=headers), 415, "media_type")

    def test_no_body_is_an_empty_one(self, host: Host) -> None:
        """A step without a form needs none."""
        assert host.client.post("start/permit").status_code == 201

    @pytest.mark.parametrize("chunked", [False, True])
    def test_a_body_that_is_too_long(self, host: Host, *, chunked: bool) -> None:
        """Said so at the start, or found while it arrives; no more of it is taken than the limit and a chunk."""
        small = Host(host.flow, limits=Limits(body=1000))
        taken = 0

        def chunks() -> Iterator[bytes]:
            nonlocal taken
            for _ in range(1000):
                taken += 100
                yield b" " * 100

        content: Any = chunks() if chunked else b" " * 100_000
        answer = small.client.post("start/permit", content=content, headers={"Content-Type": "application/json"})
        _problem(answer, 413, "too_large")
        fits = json.dumps({"payload": {"note": "x" * 900}})
        assert small.client.post("start/permit", content=fits, headers={"Content-Type": "application/json"}).is_success

    @pytest.mark.parametrize("key", ['"', 'a"b', '"a', "a b", '""', "a;b"])
    def test_malformed_keys(self, host: Host, key: str) -> None:
        """A key is a quoted string, or bare."""
        _problem(host.ask("start/permit", headers={"Idempotency-Key": key}), 400, "bad_key")

    def test_parameters_that_do_not_fit(self, host: Host) -> None:
        """All of them named, and nothing of FastAPI's own format."""
        host.open()
        answer = host.client.get("instances", params={"machine": "permit", "limit": "1000", "state": "a\0"})
        assert {each["name"] for each in _problem(answer, 422, "invalid_parameters")["errors"]} == {"limit", "state"}
        _problem(host.client.get("instances", params={"machine": "complaint"}), 404, "unknown")
        _problem(host.client.get(f"instances/{host.open()}/events", params={"after": 2**63}), 422, "invalid_parameters")


class TestShown:
    """What an answer shows, and to whom."""

    @pytest.mark.parametrize(
        ("viewer", "told"),
        [
            (Viewer(), False),
            (Viewer(organ="bridge_bureau"), False),
            (Viewer(organ="transport_leading_group_office"), True),
            (Viewer(auditor=True), True),
        ],
    )
    def test_reasons_about_a_person_are_shown_as_in_the_log(self, host: Host, viewer: Viewer, *, told: bool) -> None:
        """The same viewer sees as much in an answer, a refusal, an option and the log."""
        stream, host.viewer = host.open(), viewer
        refused = _problem(host.ask(f"do/permit/{stream}/check", {"amount": 777_666_555}), 409, "refused")
        explained = host.ask(f"explain/permit/{stream}/check", {"amount": 777_666_555}).json()
        option = next(
            each for each in host.client.get(f"instances/{stream}/options").json() if each["trigger"] == "check"
        )
        logged = host.client.get(f"instances/{stream}/events").json()["items"][1]
        assert ("777666555" in json.dumps(refused)) is told
        assert ("777666555" in json.dumps(explained)) is told
        for each in (refused["decision"], explained, option):
            assert (each["sealed"], bool(each["verdicts"])) == (not told, told)
        assert (logged["verdicts"] == {"sealed": True}) is not told

    def test_sealed_facts_are_named_only(self, host: Host) -> None:
        """Neither the value nor its commitment, even to an auditor; a field unsealed is read from the log."""
        stream, host.viewer = host.open(), Viewer(auditor=True, unseals=frozenset({"who"}))
        assert host.client.get(f"instances/{stream}").json()["facts"] == {"amount": 5, "who": {"sealed": True}}
        page = host.client.get("instances", params={"machine": "permit"}).json()
        assert page["items"][0]["facts"]["who"] == {"sealed": True}
        assert host.client.get(f"instances/{stream}/events").json()["items"][0]["payload"]["who"] == "某甲"

    def test_a_guard_that_goes_wrong_refuses_and_tells_nothing(self, host: Host) -> None:
        """The kind of the exception may be told, what it said not."""
        found = _problem(host.ask(f"do/permit/{host.open()}/withdraw"), 409, "refused")
        assert found["decision"]["verdicts"][0]["outcome"] == "error"
        assert "secret text" not in json.dumps(found)

    def test_languages(self, host: Host) -> None:
        """Chinese, or English where it is asked for."""
        stream = host.open()
        for accept, lang, title in (("", "zh", "现处环节不能办理"), ("en;q=0.8, fr", "en", "does not start from here")):
            answer = host.ask(f"do/permit/{stream}/grant", headers={"Accept-Language": accept})
            found = _problem(answer, 409, "not_from_here")
            assert (answer.headers["content-language"], found["title"]) == (lang, title)
            assert [each["trigger"] for each in found["options"]] == ["check", "withdraw"]


class _Losing(MemoryStore):
    """A store before whose every append another command goes first."""

    rival: Flow | None = None

    def append(self, change: Any) -> Answer | None:
        if self.rival is not None and change.drafts[0].body["trigger"] == "check":
            raise Conflict(change.drafts[0].stream)
        return super().append(change)


class TestErrors:
    """Errors are problem documents without internals."""

    def test_stale(self) -> None:
        """The winner's event is shown as the viewer may see it."""
        store = _Losing("default")
        host = Host(_flow(store))
        stream = host.open()
        store.rival = host.flow
        found = _problem(host.ask(f"do/permit/{stream}/check", {"amount": 1}), 409, "stale")
        assert (found["winner"]["kind"], found["winner"]["payload"]["who"]) == ("opened", {"sealed": True})

    @pytest.mark.parametrize(
        ("error", "status", "kind"),
        [
            (StoreError(f"{SECRET}: the connection was lost"), 503, "unavailable"),
            (CorruptStoreError(f"{SECRET}: restore it"), 500, "broken"),
            (DefinitionError(Fault("/etc/oa/machine.toml", "x", SECRET, "")), 500, "broken"),
            (UnknownNameError("definition", SECRET), 500, "broken"),
            (MisuseError(SECRET), 400, "misuse"),
        ],
    )
    def test_nothing_of_the_store_is_told(self, error: Exception, status: int, kind: str) -> None:
        """What the host's log holds, the client does not see."""

        def failing() -> Flow:
            raise error

        app = FastAPI()
        app.include_router(zhiwen_router(DEFINITIONS, failing, actor=lambda: CLERK, machines=["permit"]))
        answer = TestClient(app).post("/start/permit", json={})
        _problem(answer, status, kind)
        assert "hunter2" not in answer.text
        assert "/etc" not in answer.text
        assert ("retry-after" in answer.headers) is (status == 503)

    def test_a_database_without_our_tables(self, tmp_path: Path) -> None:
        """The real thing: the host forgot to make them."""
        engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}", poolclass=NullPool)
        lent = _flow()

        def session() -> Iterator[Session]:
            with Session(engine) as found, found.begin():
                yield found

        def flow_of(session: Annotated[Session, Depends(session, scope="function")]) -> Flow:
            return lent.joined(session)

        app = FastAPI()
        app.include_router(zhiwen_router(DEFINITIONS, flow_of, actor=lambda: CLERK, machines=["permit"]))
        answer = TestClient(app).post("/start/permit", json={})
        _problem(answer, 503, "unavailable")
        assert "migrate" not in answer.text

    def test_an_answer_is_sent_after_the_commit_only(self, host: Host) -> None:
        """Where the host's commit fails, the client is not told that it was done."""
        ended: list[str] = []

        def transaction() -> Iterator[Flow]:
            yield host.flow
            ended.append("commit")
            raise StoreError(f"{SECRET}: the commit failed")

        def flow_of(found: Annotated[Flow, Depends(transaction, scope="function")]) -> Flow:
            return found

        app = FastAPI()
        app.include_router(zhiwen_router(DEFINITIONS, flow_of, actor=lambda: CLERK, machines=["permit"]))
        answer = TestClient(app).post("/start/permit", json={})
        _problem(answer, 503, "unavailable")
        assert ended == ["commit"]
        assert "hunter2" not in answer.text

    def test_misuse_and_errors_are_seen_by_the_hosts_transaction(self, host: Host) -> None:
        """So that it rolls back; a refusal is an answer, and is committed."""
        ends: list[str] = []

        def transaction() -> Iterator[Flow]:
            try:
                yield host.flow
            except Exception as error:
                ends.append(type(error).__name__)
                raise
            ends.append("commit")

        app = FastAPI()
        app.include_router(zhiwen_router(DEFINITIONS, transaction, actor=lambda: CLERK, machines=["permit"]))
        client = TestClient(app)
        stream = client.post("/start/permit", json={}).json()["stream"]
        client.post("/start/permit", json={"payload": {"nonsense": 1}})
        client.post(f"/do/permit/{stream}/grant", json={})
        client.post(f"/do/permit/{'0' * 32}/grant", json={})
        assert ends == ["commit", "PayloadError", "commit", "UnknownNameError"]

    def test_a_transaction_that_ends_after_the_answer_is_not_taken(self) -> None:
        """A host that declares it so is told before it serves."""

        def session() -> Iterator[str]:
            yield "session"

        def flow_of(found: Annotated[str, Depends(session)]) -> Flow:
            raise NotImplementedError(found)

        with pytest.raises(MisuseError, match='scope="function"'):
            zhiwen_router(DEFINITIONS, flow_of, actor=lambda: CLERK)

    def test_unknown_machines_are_not_served(self) -> None:
        """A typing error shows when the application starts."""
        with pytest.raises(UnknownNameError):
            zhiwen_router(DEFINITIONS, lambda: None, actor=lambda: CLERK, machines=["permitt"])


class TestDescription:
    """The OpenAPI document."""

    def test_it_is_valid_for_every_machine_and_types_every_step(self) -> None:
        """Titles in Chinese, enums from catalogues, what is required, and one operation for each step."""
        app = FastAPI()
        app.include_router(zhiwen_router(Definitions.load(), lambda: None, actor=lambda: CLERK, machines=["complaint"]))
        document = app.openapi()
        validate(document)
        operation = document["paths"]["/do/complaint/{instance}/assign"]["post"]
        body = operation["requestBody"]["content"]["application/json"]["schema"]
        payload = body["properties"]["payload"]
        assert (operation["operationId"], operation["summary"]) == ("do_complaint_assign", "办理:投诉举报件·分办")
        assert payload["properties"]["disposal"]["enum"] == ["assign_down", "handle_directly", "refer"]
        assert payload["properties"]["disposal"]["title"] == "办理方式"
        assert "直办" in payload["properties"]["disposal"]["x-enum-descriptions"]
        assert payload["additionalProperties"] is body["additionalProperties"] is False
        assert body["required"] == ["payload"]
        assert "disposal" in payload["required"]

    def test_backdating_and_force_are_described_where_they_are(self) -> None:
        """`occurred_at` where a step may be backdated; reason and document required where it is forced."""
        data = raw()
        data["transition"][2]["forced"] = True
        data["transition"][2]["guards"] = [{"use": "actor_holds_role", "role": "leading_group_office"}]
        machine = machine_from(data, DEFINITIONS.registry, where="permit")
        definitions = Definitions.load(machines=[machine], guards=[amount_is_at_most, raises])
        host = Host(Flow(MemoryStore("default"), definitions, actor=None, clock=SystemClock()))
        paths = host.app.openapi()["paths"]
        bodies = {
            each: paths[f"/z/do/permit/{{instance}}/{each}"]["post"]["requestBody"]["content"]["application/json"][
                "schema"
            ]
            for each in ("check", "grant", "withdraw")
        }
        assert {name for name, each in bodies.items() if "occurred_at" in each["properties"]} == {"grant"}
        assert bodies["withdraw"]["required"] == ["reason", "document"]
        stream = host.open()
        found = _problem(host.ask(f"do/permit/{stream}/withdraw"), 422, "invalid_payload")
        assert [each["pointer"] for each in found["errors"]] == ["#/reason"]
        assert host.ask(f"do/permit/{stream}/withdraw", reason="登记有误", document="1号").is_success

    def test_a_step_may_be_backdated(self, host: Host) -> None:
        """With reason and document, and not into the future."""
        stream = host.open()
        assert host.ask(f"do/permit/{stream}/check", {"amount": 1}).is_success
        later = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).isoformat()
        told = {"occurred_at": later, "reason": "补录", "document": "1号"}
        found = _problem(host.ask(f"do/permit/{stream}/grant", **told), 422, "invalid_payload")
        assert [each["pointer"] for each in found["errors"]] == ["#/occurred_at"]
        told["occurred_at"] = "2011-09-01T09:00:00+08:00"
        assert host.ask(f"do/permit/{stream}/grant", **told).json()["allowed"]
        assert host.flow.events(stream)[-1]["occurred_at"] == told["occurred_at"]
