"""Rows of a Django host and events of ours are committed together, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections, transaction
from django.db.transaction import TransactionManagementError
from django.test import Client

from tests.djangohost.conftest import CLERK, Host
from zhiwen_flow.audit.verify import verify_store
from zhiwen_flow.errors import MisuseError, SettingsError, StaleError
from zhiwen_flow.integrations.django.flows import NobodyActsError, flow, loaded, reading


def _groups(host: Host, name: str) -> int:
    return int(host.groups.filter(name=name).count())


def _write(host: Host, name: str) -> str:
    """Write a row of the host's, and open an instance."""
    host.groups.create(name=name)
    return flow(host.request).start("desk", {"subject": name}, business_id=name).stream


def _elsewhere(work: Callable[[], Any]) -> Any:
    """Do something on another connection, as another request would."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(work())
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return found[0]


class TestAtomic:
    """Inside `transaction.atomic`."""

    def test_commit_leaves_both(self, host: Host) -> None:
        """Others see both after the end, and neither before."""
        name = uuid4().hex
        with transaction.atomic(using=host.alias):
            stream = _write(host, name)
            assert flow(host.request).do(stream, "note", {"text": "乙"}).allowed
            if host.alias == "postgresql":
                assert _elsewhere(lambda: (_groups(host, name), flow(host.request).instances())) == (0, ())
        assert _groups(host, name) == 1
        found = flow(host.request)
        assert found.find("desk", name).facts == {"subject": name, "text": "乙"}  # type: ignore[union-attr]
        assert verify_store(found.store).sound

    def test_rollback_leaves_neither(self, host: Host) -> None:
        """Nor are definitions lost that were first used in what was rolled back."""
        name = uuid4().hex
        for _ in range(2):
            with pytest.raises(RuntimeError), transaction.atomic(using=host.alias):
                _write(host, name)
                raise RuntimeError
            assert (_groups(host, name), flow(host.request).instances()) == (0, ())
        assert flow(host.request).do(_write(host, name), "note", {"text": "乙"}).allowed

    def test_an_inner_block_is_undone_alone(self, host: Host) -> None:
        """A nested `atomic` is a savepoint for both."""
        outer, inner = uuid4().hex, uuid4().hex
        with transaction.atomic(using=host.alias):
            stream = _write(host, outer)
            with pytest.raises(RuntimeError), transaction.atomic(using=host.alias):
                _write(host, inner)
                flow(host.request).do(stream, "note", {"text": "undone"})
                raise RuntimeError
            flow(host.request).do(stream, "note", {"text": "kept"})
        assert (_groups(host, outer), _groups(host, inner)) == (1, 0)
        found = flow(host.request)
        assert [each.id for each in found.instances()] == [stream]
        assert found.instance(stream).facts["text"] == "kept"
        assert verify_store(found.store).sound

    def test_a_refusal_is_written_with_the_hosts_rows(self, host: Host) -> None:
        """A refused command breaks no transaction, and its record is committed with it."""
        name = uuid4().hex
        with transaction.atomic(using=host.alias):
            stream = _write(host, name)
            refused = flow(host.request).do(stream, "seize")
        assert not refused.allowed
        assert _groups(host, name) == 1
        assert [each["kind"] for each in flow(host.request).events(stream)] == ["opened", "refused"]

    def test_misuse_leaves_the_transaction_whole(self, host: Host) -> None:
        """What was asked wrongly can be caught, and the rest is committed."""
        name = uuid4().hex
        with transaction.atomic(using=host.alias):
            stream = _write(host, name)
            with pytest.raises(MisuseError):
                flow(host.request).do(stream, "note", {"nonsense": 1})
        assert (_groups(host, name), len(flow(host.request).instances())) == (1, 1)

    def test_hooks_run_after_the_commit_only(self, host: Host) -> None:
        """`on_commit` sees what was committed, and is not run for what was rolled back."""
        seen: list[int] = []

        def hook() -> None:
            seen.append(len(_elsewhere(lambda: flow(host.request).instances())))

        with transaction.atomic(using=host.alias):
            _write(host, uuid4().hex)
            transaction.on_commit(hook, using=host.alias)
            assert seen == []
        assert seen == [1]
        with pytest.raises(RuntimeError), transaction.atomic(using=host.alias):
            _write(host, uuid4().hex)
            transaction.on_commit(hook, using=host.alias)
            raise RuntimeError
        assert seen == [1]

    def test_nothing_is_answered_in_a_broken_transaction(self, host: Host) -> None:
        """Once Django will roll back, no command is taken."""
        with transaction.atomic(using=host.alias):
            transaction.set_rollback(True, using=host.alias)
            with pytest.raises(TransactionManagementError):
                flow(host.request)

    def test_a_view_with_atomic_requests(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        """A view that fails after both were written leaves neither; one that does not, both."""
        monkeypatch.setitem(connections[host.alias].settings_dict, "ATOMIC_REQUESTS", True)
        client, name = Client(raise_request_exception=False), uuid4().hex
        assert client.get("/step/", {"name": name, "fail": 1}).status_code == 500
        assert (_groups(host, name), flow(host.request).instances()) == (0, ())
        assert client.get("/step/", {"name": name}).status_code == 200
        assert (_groups(host, name), len(flow(host.request).instances())) == (1, 1)


class TestAlone:
    """Outside a transaction of the host's."""

    def test_a_command_commits_itself(self, host: Host) -> None:
        """Each command is a transaction of its own, a batch is one."""
        stream = flow(host.request).start("desk").stream
        assert _elsewhere(lambda: flow(host.request).instance(stream).state) == "open"
        assert not connections[host.alias].in_atomic_block

    def test_without_atomic_requests_a_view_that_fails_leaves_both(self, host: Host) -> None:
        """What was committed stays: who wants both or neither says so."""
        name = uuid4().hex
        assert Client(raise_request_exception=False).get("/step/", {"name": name, "fail": 1}).status_code == 500
        assert (_groups(host, name), len(flow(host.request).instances())) == (1, 1)

    def test_threads_have_connections_of_their_own(self, host: Host) -> None:
        """Definitions are shared, and nothing is lost or done twice."""
        stream = flow(host.request).start("desk").stream
        threads, done = 4, []

        def work(number: int) -> None:
            try:
                for turn in range(5):
                    while True:
                        try:
                            text = f"{number}.{turn}"
                            done.append(flow(host.request).do(stream, "note", {"text": text}, key=text))
                            break
                        except StaleError:
                            continue  # Others won three times; it is asked again.
            finally:
                connections.close_all()

        running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for each in running:
            each.start()
        for each in running:
            each.join(60)
        assert len(done) == threads * 5
        assert flow(host.request).instance(stream).version == 1 + threads * 5
        assert verify_store(flow(host.request).store).sound


class TestRace:
    """Another request moves the instance between reading and writing."""

    @pytest.mark.parametrize("host", ["postgresql"], indirect=True)
    def test_the_loser_gets_the_winners_event(self, host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
        """After three lost races the error says who won, and the host's own row can still be committed."""
        stream, name = flow(host.request).start("desk").stream, uuid4().hex
        with transaction.atomic(using=host.alias):
            host.groups.create(name=name)
            ours = flow(host.request)
            load = ours.store.load

            def overtaken(asked: str) -> Any:
                found = load(asked)
                _elsewhere(lambda: flow(host.request).do(stream, "note", {"text": "first"}))
                return found

            monkeypatch.setattr(ours.store, "load", overtaken)
            with pytest.raises(StaleError) as raised:
                ours.do(stream, "note", {"text": "late"})
        assert raised.value.winner.body["payload"] == {"text": "first"}
        assert _groups(host, name) == 1
        assert flow(host.request).instance(stream).version == 4
        assert verify_store(flow(host.request).store).sound


class TestWho:
    """Who acts, for whom."""

    def test_without_a_provider_everything_is_refused(self, host: Host) -> None:
        """Also a command that names its actor itself."""
        host.change(**{name: each for name, each in host.settings.items() if name != "ACTOR"})
        with pytest.raises(SettingsError, match="nobody may act"):
            flow(host.request)
        with pytest.raises(SettingsError, match="nobody may act"):
            flow().start("desk", actor=CLERK)
        assert reading(host.request).instances() == ()

    def test_who_is_nobody_is_denied(self, host: Host) -> None:
        """Django answers with 403."""
        host.change(**host.settings | {"ACTOR": lambda _: None})
        with pytest.raises(NobodyActsError) as raised:
            flow(host.request).start("desk")
        assert isinstance(raised.value, PermissionDenied)
        assert Client().get("/step/", {"name": uuid4().hex}).status_code == 403

    def test_without_a_request_the_command_names_its_actor(self, host: Host) -> None:
        """A task in the background is nobody's request."""
        with pytest.raises(MisuseError, match="nobody acts"):
            flow().start("desk")
        assert flow().start("desk", actor=CLERK).allowed

    def test_tenants_stay_apart(self, host: Host) -> None:
        """One never sees what is another's, whether named or hanging on the request."""
        stream = flow(host.request).start("desk", business_id="A-1").stream
        other = flow(host.request, tenant=uuid4().hex)
        assert (other.instances(), other.events(), other.find("desk", "A-1")) == ((), (), None)
        with pytest.raises(MisuseError, match=stream):
            other.do(stream, "note", {"text": "x"})
        host.change(**host.settings | {"TENANT": "tests.djangohost.conftest.tenant_of"})
        with pytest.raises(SettingsError, match="hangs on the request"):
            flow()
        request = host.request
        request.META["HTTP_X_TENANT"] = host.tenant
        assert [each.id for each in flow(request).instances()] == [stream]

    def test_definitions_are_loaded_once(self, host: Host) -> None:
        """Every flow of the process shares them."""
        assert flow(host.request).definitions is flow(host.request).definitions is loaded().definitions
