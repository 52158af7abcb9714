"""The example host on FastAPI: its rows and ours in one transaction, on both databases, in process over the wire."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import uuid4

import httpx2
import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from examples.fastapi_host.host import EXAMPLE_LOGINS, make_app, seed
from tests.services import postgres_schema
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.flow import Flow

ROOT = Path(__file__).parent.parent
CLERK = {"X-Example-User": "clerk"}
OFFICER = {"X-Example-User": "officer"}
NEIGHBOUR = {"X-Example-User": "neighbour"}
FORM = {"channel": "email", "content": "窗口无人", "anonymous": True}
PROBLEM = "application/problem+json"


@pytest.fixture(name="url", scope="module", params=["sqlite", "postgresql"])
def _url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('host') / 'office.db'}"
        return
    with postgres_schema() as found:
        yield found


@pytest.fixture(name="client", scope="module")
def _client(url: str) -> Iterator[TestClient]:
    with TestClient(make_app(url), raise_server_exceptions=False) as found:
        yield found


@pytest.fixture(name="log")
def _log(url: str, client: TestClient) -> Iterator[Flow]:
    """Give a flow of our own on the same database, to see what was committed."""
    with Flow.open(url, tenant="office-a") as found:
        yield found
        assert verify_store(found.store).sound


def _number() -> str:
    return f"XF-{uuid4().hex[:8]}"


def _file(client: TestClient, who: dict[str, str] = CLERK) -> tuple[str, str]:
    """File a document with the host, and give its number and the instance."""
    number = _number()
    told = client.post("/documents", json={"number": number, "title": "来信", "content": "窗口无人"}, headers=who)
    assert told.status_code == 201, told.text
    return number, told.json()["instance"]


def _case(client: TestClient) -> str:
    """Open a case about somebody, and give its instance."""
    about = {"person": "p-201", "post": "bridge_bureau.deputy_director", "unit": "bridge_bureau"}
    form = {
        "started_by": "superior",
        "conduct_on": "2011-09-20",
        "initiator": "督查发现",
        "matter": "执行不力",
        **about,
    }
    told = client.post("/zhiwen/start/case", json={"payload": form}, headers={"X-Example-User": "personnel"})
    assert told.status_code == 201, told.text
    return str(told.json()["stream"])


def _do(client: Any, stream: str, trigger: str, payload: Any, headers: dict[str, str], **parts: Any) -> Any:
    path = f"/zhiwen/do/complaint/{stream}/{trigger}"
    return client.post(path, json={"payload": payload, **parts}, headers=headers)


def _problem(answer: Any, status: int, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found.get("type")) == (status, f"urn:zhiwen-flow:problem:{kind}"), answer.text
    assert answer.headers["content-type"] == PROBLEM
    return found


class TestOneTransaction:
    """What the host writes and what we write is there together, or not at all."""

    def test_a_step_moves_the_hosts_row(self, client: TestClient, log: Flow) -> None:
        """By our router, through the host's hook."""
        number, stream = _file(client)
        assert client.get(f"/documents/{number}", headers=CLERK).json()["state"] == "registered"
        done = _do(client, stream, "classify", {"lead_class": "inquiry"}, CLERK)
        assert (done.status_code, done.json()["target"]) == (200, "classified")
        assert client.get(f"/documents/{number}", headers=CLERK).json()["state"] == "classified"
        assert log.instance(stream).state == "classified"

    def test_an_error_of_the_host_leaves_nothing_of_ours(self, client: TestClient, log: Flow) -> None:
        """The hook finds no such document: the instance was never opened, and the key is free."""
        number = _number()
        headers = CLERK | {"Idempotency-Key": number}
        body = {"payload": FORM, "business_id": number}
        before = len(log.events(limit=10_000))
        answer = client.post("/zhiwen/start/complaint", json=body, headers=headers)
        assert (answer.status_code, answer.json()) == (409, {"detail": "there is no such document"})
        assert log.find("complaint", number) is None
        assert len(log.events(limit=10_000)) == before
        assert log.store.answer(f"http:p-102:{number}") is None

    def test_a_refusal_is_kept_with_the_hosts_transaction(self, client: TestClient, log: Flow) -> None:
        """It is an answer like any other: recorded, with all its reasons, and who could."""
        number, stream = _file(client)
        told = _problem(_do(client, stream, "classify", {"lead_class": "inquiry"}, OFFICER), 403, "not_entitled")
        verdict = told["decision"]["verdicts"][0]
        assert (verdict["guard"], verdict["reason"]) == ("actor_holds_role", "role.not_held")
        assert "不承担" in verdict["text"]
        assert verdict["remedy"]
        assert verdict["cites"] == ["省直机关方案 二(三)3"]
        assert told["decision"]["who_could"]
        assert [each["trigger"] for each in told["options"]] == ["classify", "void"]
        assert log.events(stream)[-1]["kind"] == "refused"
        assert log.events(stream)[-1]["id"] == told["decision"]["event"]
        assert client.get(f"/documents/{number}", headers=CLERK).json()["state"] == "registered"

    def test_misuse_is_not_recorded(self, client: TestClient, log: Flow) -> None:
        """All faults are named."""
        _, stream = _file(client)
        found = _problem(_do(client, stream, "classify", {"lead_clas": "x", "note": 1}, CLERK), 422, "invalid_payload")
        pointers = ["#/payload/lead_clas", "#/payload/note", "#/payload/lead_class"]
        assert [each["pointer"] for each in found["errors"]] == pointers
        assert len(log.events(stream)) == 1


class TestKeys:
    """Idempotency keys."""

    def test_again_and_for_another_request(self, client: TestClient, log: Flow) -> None:
        """The same answer once more, quoted or bare; another request under the key is refused."""
        _, stream = _file(client)
        key = CLERK | {"Idempotency-Key": '"a-1"'}
        first = _do(client, stream, "classify", {"lead_class": "inquiry"}, key)
        again = _do(client, stream, "classify", {"lead_class": "inquiry"}, key | {"Idempotency-Key": "a-1"})
        assert (again.status_code, again.json()["replayed"]) == (200, True)
        assert again.json()["event"] == first.json()["event"]
        _problem(_do(client, stream, "classify", {"lead_class": "suggestion"}, key), 422, "key_reused")
        assert len(log.events(stream)) == 2

    def test_a_refusal_again(self, client: TestClient, log: Flow) -> None:
        """A refusal spends its key too."""
        _, stream = _file(client)
        key = CLERK | {"Idempotency-Key": '"a-2"', "X-Correlation-ID": "batch 7"}
        told = [_problem(_do(client, stream, "accept", {}, key), 409, "not_from_here")["decision"] for _ in range(2)]
        assert [each["replayed"] for each in told] == [False, True]
        assert told[0]["event"] == told[1]["event"]
        assert [each["correlation"] for each in log.events(stream)] == [None, "batch 7"]


class TestReads:
    """Reads, and tenants apart."""

    def test_business_ids(self, client: TestClient) -> None:
        """An instance is found by its document; a second one for it is refused and names the first."""
        number, stream = _file(client)
        where = {"machine": "complaint", "business_id": number}
        page = client.get("/zhiwen/instances", params=where, headers=CLERK).json()
        assert [(each["id"], each["business_id"]) for each in page["items"]] == [(stream, number)]
        again = client.post("/zhiwen/start/complaint", json={"payload": FORM, "business_id": number}, headers=CLERK)
        assert _problem(again, 409, "business_id_taken")["stream"] == stream

    def test_one_tenant_never_sees_anothers(self, client: TestClient) -> None:
        """Nothing is read, done or looked up, and what is not there and what is another's look the same."""
        number, stream = _file(client)
        answers = [
            client.get(f"/zhiwen/instances/{stream}", headers=NEIGHBOUR),
            client.get(f"/zhiwen/instances/{stream}/options", headers=NEIGHBOUR),
            client.get(f"/zhiwen/instances/{stream}/events", headers=NEIGHBOUR),
            _do(client, stream, "classify", {"lead_class": "inquiry"}, NEIGHBOUR),
            client.post(f"/zhiwen/explain/complaint/{stream}/classify", json={}, headers=NEIGHBOUR),
            client.get(f"/zhiwen/instances/{'0' * 32}", headers=CLERK),
        ]
        told = [_problem(each, 404, "unknown") for each in answers]
        assert all(each == told[0] for each in told)
        assert told[0]["what"] == "instance"
        child = {"payload": FORM, "parent": stream}
        found = _problem(client.post("/zhiwen/start/complaint", json=child, headers=NEIGHBOUR), 422, "invalid_payload")
        assert found["errors"][0]["pointer"] == "#/parent"
        for where in ({"business_id": number}, {"parent": stream}, {}):
            asked = {"machine": "complaint", **where}
            page = client.get("/zhiwen/instances", params=asked, headers=NEIGHBOUR).json()
            assert stream not in json.dumps(page)
        assert stream not in client.get("/zhiwen/events", params={"machine": "complaint"}, headers=NEIGHBOUR).text
        assert client.get(f"/documents/{number}", headers=NEIGHBOUR).status_code == 404

    def test_an_instance_is_reached_by_its_own_machine_only(self, client: TestClient) -> None:
        """A step of another machine is not found."""
        _, stream = _file(client)
        answer = client.post(f"/zhiwen/do/case/{stream}/withdraw", json={"payload": {}}, headers=CLERK)
        _problem(answer, 404, "unknown")

    def test_pages(self, client: TestClient) -> None:
        """Every row once, in order, and an end."""
        ids = {_file(client)[1] for _ in range(5)}
        seen: list[str] = []
        after: dict[str, Any] = {}
        while True:
            where: dict[str, Any] = {"machine": "complaint", "state": "registered", "limit": 2} | after
            page = client.get("/zhiwen/instances", params=where, headers=CLERK).json()
            seen += [each["id"] for each in page["items"]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert ids <= set(seen)
        assert seen == sorted(set(seen))

    def test_history(self, client: TestClient) -> None:
        """One instance's events by page, and a machine's by kind and day."""
        _, stream = _file(client)
        _do(client, stream, "accept", {}, CLERK)
        path = f"/zhiwen/instances/{stream}/events"
        first = client.get(path, params={"limit": 1}, headers=CLERK).json()
        second = client.get(path, params={"limit": 1, "after": first["next"]}, headers=CLERK).json()
        last = client.get(path, params={"limit": 1, "after": second["next"]}, headers=CLERK).json()
        assert [first["items"][0]["kind"], second["items"][0]["kind"], last] == [
            "opened",
            "refused",
            {"items": [], "next": None},
        ]
        assert first["items"][0]["payload"]["content"] == {"sealed": True}
        asked: dict[str, Any] = {"machine": "complaint", "kind": "refused", "since": "2011-01-01", "limit": 200}
        kinds = {each["kind"] for each in client.get("/zhiwen/events", params=asked, headers=CLERK).json()["items"]}
        assert kinds == {"refused"}
        none = client.get("/zhiwen/events", params=asked | {"until": "2011-01-02"}, headers=CLERK).json()
        assert none == {"items": [], "next": None}

    def test_explaining_records_nothing(self, client: TestClient, log: Flow) -> None:
        """A refusal that was only explained is no problem: nobody was refused."""
        _, stream = _file(client)
        body = {"payload": {"lead_class": "inquiry"}}
        path = f"/zhiwen/explain/complaint/{stream}/classify"
        for who, allowed in ((CLERK, True), (OFFICER, False)):
            told = client.post(path, json=body, headers=who)
            assert (told.status_code, told.json()["allowed"], told.json()["event"]) == (200, allowed, None)
        assert client.post("/zhiwen/explain/complaint", json={"payload": FORM}, headers=CLERK).json()["allowed"]
        assert len(log.events(stream)) == 1

    def test_options_forms_and_powers(self, client: TestClient) -> None:
        """Forms in the reader's language; every power of a measure, with its holders or why not."""
        _, stream = _file(client)
        english = CLERK | {"Accept-Language": "en"}
        found = client.get(f"/zhiwen/instances/{stream}/options", headers=english).json()
        assert [(each["label"], each["allowed"], each["form"]["title"]) for each in found] == [
            ("Classify", True, "Classify"),
            ("Void", True, "Void"),
        ]
        forms = client.get("/zhiwen/machines/complaint/forms", headers=CLERK).json()
        assert (forms[0]["trigger"], forms[0]["form"]["properties"]["channel"]["title"]) == ("open", "受理渠道")
        _problem(client.get("/zhiwen/machines/campaign/forms", headers=CLERK), 404, "unknown")
        listed = client.get("/zhiwen/machines", headers=CLERK).json()
        assert [each["id"] for each in listed] == ["complaint", "supervision_order", "case", "measure"]
        asked = {"measure": "post_demotion", "post": "bridge_bureau.deputy_director"}
        ruling = client.get("/zhiwen/who-could", params=asked, headers=CLERK).json()
        decides = next(each for each in ruling["powers"] if each["power"] == "decides")
        assert [each["label"] for each in decides["holders"]] == ["省交通运输厅党组"]
        _problem(client.get("/zhiwen/who-could", params=asked | {"post": "none"}, headers=CLERK), 404, "unknown")


class TestPersons:
    """What a case is about, and who learns it."""

    def test_asking_is_no_way_to_learn_it(self, client: TestClient) -> None:
        """Who may not take the step sees that, and who could; who may sees what is missing; an auditor sees all."""
        stream = _case(client)
        path = f"/zhiwen/do/case/{stream}/approve_start"
        told = _problem(client.post(path, headers=CLERK), 403, "not_entitled")["decision"]
        guards = {"actor_holds_one_role", "coordinating_body_never_decides_on_persons"}
        assert (told["sealed"], {each["guard"] for each in told["verdicts"]}) == (True, guards)
        assert told["who_could"]
        for who, allowed, sealed in (("clerk", False, True), ("officer", True, False), ("auditor", False, False)):
            headers = {"X-Example-User": who}
            found = client.post(path.replace("/do/", "/explain/"), headers=headers).json()
            assert (found["allowed"], found["sealed"], len(found["verdicts"]) == 2) == (allowed, sealed, sealed)
            options = client.get(f"/zhiwen/instances/{stream}/options", headers=headers).json()
            assert [each["sealed"] for each in options if each["trigger"] == "approve_start"] == [sealed]

    def test_who_is_reported_does_not_learn_it(self, client: TestClient) -> None:
        """Somebody who may not take the step anyhow is told the same, whether it is he who is reported or nobody."""
        told = []
        for more in ({"accused_post": "bridge_bureau.officer"}, {}):
            opened = client.post("/zhiwen/start/complaint", json={"payload": FORM | more}, headers=CLERK).json()[
                "stream"
            ]
            path = f"complaint/{opened}/classify"
            asked = {"payload": {"lead_class": "accusation"}}
            options = client.get(f"/zhiwen/instances/{opened}/options", headers=OFFICER).json()
            explained = client.post(f"/zhiwen/explain/{path}", json=asked, headers=OFFICER).json()
            refused = client.post(f"/zhiwen/do/{path}", json=asked, headers=OFFICER).json()["decision"]
            found = (explained, refused, *(each for each in options if each["trigger"] == "classify"))
            told.append([[(each["guard"], each["reason"]) for each in one["verdicts"]] for one in found])
            assert all(one["sealed"] for one in found)
        assert told[0] == told[1]


class TestTogether:
    """Many requests at once, in the framework's threads."""

    def test_one_winner(self, client: TestClient, log: Flow) -> None:
        """Eight classify one complaint: one does, the others are told that it starts from elsewhere now."""
        _, stream = _file(client)
        with ThreadPoolExecutor(8) as threads:
            jobs = [threads.submit(_do, client, stream, "classify", {"lead_class": "inquiry"}, CLERK) for _ in range(8)]
            told = sorted(each.result().status_code for each in jobs)
        assert told == [200] + [409] * 7
        assert [each["kind"] for each in log.events(stream)].count("moved") == 1

    def test_many_instances(self, client: TestClient, log: Flow) -> None:
        """No update is lost, and nobody waits for ever."""
        with ThreadPoolExecutor(8) as threads:
            streams = [each[1] for each in threads.map(lambda _: _file(client), range(24))]
        assert len({log.instance(each).id for each in streams}) == 24


EXAMPLES_EACH = int(os.environ.get("ZHIWEN_FUZZ_EXAMPLES", "2"))
"""Requests for each operation; more of them are asked for by who looks for more."""


def test_a_database_that_is_gone(tmp_path: Path) -> None:
    """Nothing of it is told; the client may ask again."""
    folder = tmp_path / "office"
    folder.mkdir()
    with TestClient(make_app(f"sqlite:///{folder / 'office.db'}"), raise_server_exceptions=False) as client:
        assert client.get("/zhiwen/machines", headers=CLERK).status_code == 200
        client.app.state.office.engine.dispose()  # type: ignore[attr-defined]
        rmtree(folder)
        answer = client.get("/zhiwen/instances", params={"machine": "complaint"}, headers=CLERK)
        assert _problem(answer, 503, "unavailable")["detail"] == "存储暂不可用"
        assert answer.headers["retry-after"]
        assert "office" not in answer.text


@contextmanager
def _serving(url: str) -> Iterator[str]:
    """Run the example as a user would, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "examples.fastapi_host.host", url, str(port)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, encoding="utf-8") as server:
        try:
            _wait(server, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait(server: subprocess.Popen[str], port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the example host did not start")


def test_over_the_wire(url: str) -> None:
    """The example as a process of its own: seeded, driven by eight clients, fed too much, and sound afterwards."""
    seeded = seed(url)
    assert seed(url) == seeded
    with _serving(url) as address, httpx2.Client(base_url=address, timeout=30) as client:
        assert client.get("/zhiwen/machines").status_code == 401
        assert client.get(f"/zhiwen/instances/{seeded}", headers=CLERK).json()["business_id"] == "XF-2011-1"
        stream = client.post("/zhiwen/start/complaint", json={"payload": FORM}, headers=CLERK).json()["stream"]
        with ThreadPoolExecutor(8) as threads:
            jobs = [threads.submit(_do, client, stream, "classify", {"lead_class": "inquiry"}, CLERK) for _ in range(8)]
            assert sorted(each.result().status_code for each in jobs) == [200] + [409] * 7
        chunks = (b" " * 10_000 for _ in range(100))
        media = {"Content-Type": "application/json"}
        _problem(client.post("/zhiwen/start/complaint", content=chunks, headers=CLERK | media), 413, "too_large")
        key = CLERK | {"Idempotency-Key": '"wire"'}
        told = [_do(client, stream, "accept", {}, key).json() for _ in range(2)]
        assert [each["replayed"] for each in told] == [False, True]
    with Flow.open(url, tenant="office-a") as flow:
        assert verify_store(flow.store).sound
        assert flow.instance(stream).state == "accepted"


class TestFuzzed:
    """Whatever is generated from the document, and against it, is answered as the document says, and never by a 5xx."""

    def test_no_server_error(self, client: TestClient, url: str) -> None:
        """Every operation, with data that fit and data that do not, on an instance that is there and on any other."""
        app: Any = client.app
        if url.startswith("sqlite"):
            validate(app.openapi())
        streams = [_file(client)[1] for _ in range(3)] + [_case(client) for _ in range(3)]
        seen: dict[int, int] = {}
        for found in schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            # What is only explained, or is a machine's that is not there, asks the other database nothing new.
            if url.startswith("sqlite") or not operation.path.startswith(("/zhiwen/explain/", "/zhiwen/do/measure/")):
                _fuzz(operation, streams, seen)
        assert sum(seen.values()) > 50 * EXAMPLES_EACH
        assert {200, 404, 409, 422} <= set(seen)
        assert not [each for each in seen if each >= 500]


def _fuzz(operation: Any, streams: list[str], seen: dict[int, int]) -> None:
    instances = st.sampled_from(streams) | st.text(min_size=1, max_size=20)

    @given(data=st.data())
    @settings(
        max_examples=EXAMPLES_EACH,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(data: Any) -> None:
        mode = data.draw(st.sampled_from(list(schemathesis.GenerationMode)))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if "instance" in (case.path_parameters or {}):
            case.path_parameters["instance"] = data.draw(instances)
        who = data.draw(st.sampled_from(sorted(EXAMPLE_LOGINS)))
        response = case.call(headers={"X-Example-User": who})
        case.validate_response(response, checks=_checks(operation, response))
        seen[response.status_code] = seen.get(response.status_code, 0) + 1

    run()


def _checks(operation: Any, response: Any) -> list[Any]:
    """Say what an answer is held against."""
    found: list[Any] = [schemathesis.checks.not_a_server_error]
    # The host's own operations say less of themselves, and a generated id with a slash in it names no path of ours.
    if not operation.path.startswith("/zhiwen/") or response.json() == {"detail": "Not Found"}:
        return found
    found += [status_code_conformance, content_type_conformance, response_schema_conformance]
    # A step that does not start from here is explained as such whatever the form holds; what is too large is refused.
    if not operation.path.startswith("/zhiwen/explain/") and response.status_code != 413:
        found.append(negative_data_rejection)
    return found
