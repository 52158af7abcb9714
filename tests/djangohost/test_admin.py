"""The admin shows what `view` allows, of one tenant, and changes nothing."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connections
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.djangohost.conftest import Host
from zhiwen_flow.integrations.django.flows import flow, today
from zhiwen_flow.model import ZONE, Actor
from zhiwen_flow.testing.clock import FixedClock

LISTS = ("instance", "event", "deadline", "obligation", "outgoing", "held")
SECRET = "举报人住在三号楼"


def _client(name: str, **parts: Any) -> Client:
    users = apps.get_model("auth.User").objects
    client = Client(raise_request_exception=False)
    client.force_login(users.get_or_create(username=name, defaults={"is_staff": True, **parts})[0])
    return client


@pytest.fixture
def plain(host: Host) -> Client:
    """Somebody who may open every page, and sees the log as the public does."""
    return _client("plain", is_superuser=True)


@pytest.fixture
def desk(host: Host) -> str:
    """An instance with a sealed field, an obligation, a child, and a refusal about a person."""
    found = flow(host.request)
    desk = found.start("desk", {"subject": "窗口无人", "who": SECRET}, business_id=f"信访-{host.tenant}").stream
    found.do(desk, "promise")
    found.start("slip", parent=desk)
    assert not found.do(desk, "seize").allowed
    return desk


def _page(client: Client, model: str, key: Any = None, **query: Any) -> str:
    address = f"/admin/zhiwen_flow/{model}/" + (f"{key}/change/" if key is not None else "")
    answer = client.get(address, query)
    assert answer.status_code == 200, (address, answer.status_code)
    return str(answer.content.decode())


class TestOnlyReads:
    """Nothing can be added, changed or deleted."""

    def test_every_other_method_is_refused(self, plain: Client, desk: str, host: Host) -> None:
        """On every list and on every page."""
        seq = flow(host.request).events(desk)[0]["seq"]
        places = [f"/admin/zhiwen_flow/{each}/" for each in LISTS]
        places += [f"/admin/zhiwen_flow/instance/{desk}/change/", f"/admin/zhiwen_flow/event/{seq}/change/"]
        for place in places:
            for method in ("post", "put", "patch", "delete"):
                answer = getattr(plain, method)(place, {"action": "delete_selected", "_selected_action": desk})
                assert answer.status_code in (400, 403), (place, method)
        assert len(flow(host.request).events(desk)) == 4

    @pytest.mark.parametrize("model", LISTS)
    def test_there_are_no_other_pages(self, plain: Client, desk: str, model: str) -> None:
        """No form to add, no delete, no history of the admin's own; what only lists has no page of a row."""
        tails = ["add/", f"{desk}/delete/", f"{desk}/history/", f"{desk}/"]
        tails += [] if model in ("instance", "event") else [f"{desk}/change/"]
        for tail in tails:
            assert plain.get(f"/admin/zhiwen_flow/{model}/{tail}").status_code == 404, tail

    def test_the_index_offers_nothing_to_add(self, plain: Client) -> None:
        """Only lists are linked."""
        page = plain.get("/admin/").content.decode()
        assert "/admin/zhiwen_flow/instance/" in page
        assert "/admin/zhiwen_flow/instance/add/" not in page

    def test_who_has_no_right_sees_nothing(self, desk: str) -> None:
        """A member of staff without the right to view is denied; others must sign in."""
        visitor = _client("visitor")
        for each in LISTS:
            assert visitor.get(f"/admin/zhiwen_flow/{each}/").status_code == 403
            assert Client().get(f"/admin/zhiwen_flow/{each}/").status_code == 302
        assert visitor.get(f"/admin/zhiwen_flow/instance/{desk}/change/").status_code == 403

    def test_models_offer_the_right_to_view_only(self, host: Host) -> None:
        """Nobody can be given a right to change."""
        kinds = apps.get_model("auth.Permission").objects.filter(content_type__app_label="zhiwen_flow")
        assert {each.codename.partition("_")[0] for each in kinds} == {"view"}


class TestView:
    """Contents come through `view` alone."""

    def test_what_is_sealed_stays_sealed(self, host: Host, desk: str, plain: Client) -> None:
        """Neither a sealed value nor its commitment is on any page; a refusal about a person is for auditors."""
        auditor = _client("auditor", is_superuser=True)
        events = flow(host.request).store.events(stream=desk)
        commitments = {found for each in events for found in _commitments(each.body)}
        assert len(commitments) >= 2
        for client in (plain, auditor):
            pages = [_page(client, each) for each in LISTS]
            pages += [_page(client, "instance", desk), *(_page(client, "event", each.seq) for each in events)]
            for page in pages:
                assert SECRET not in page
                assert not [each for each in commitments if each in page]
        refused = events[-1].seq
        assert "领导小组办公室" not in _page(plain, "event", refused)
        assert "理由封存" in _page(plain, "instance", desk)
        assert "领导小组办公室" in _page(auditor, "event", refused)
        assert "理由封存" not in _page(auditor, "instance", desk)

    def test_why_a_refused_step_about_a_person_was_asked_for(self, host: Host, desk: str, plain: Client) -> None:
        """Its reason is sealed with it."""
        assert not flow(host.request).do(desk, "seize", reason="拟免去某职", document="某任〔2011〕1号").allowed
        seq = flow(host.request).events(desk)[-1]["seq"]
        auditor = _client("auditor", is_superuser=True)
        for page in (_page(plain, "event", seq), _page(plain, "instance", desk)):
            assert "拟免去" not in page
            assert "某任" not in page
        assert "(封存)" in _page(plain, "event", seq)
        assert "拟免去某职" in _page(auditor, "event", seq)

    def test_options_about_a_person_do_not_say_why(self, desk: str, plain: Client) -> None:
        """The page of an instance says that it cannot be done, and no more."""
        assert "涉及个人,判定不在此显示" in _page(plain, "instance", desk)

    def test_the_page_of_an_instance_tells_its_story(self, host: Host, desk: str, plain: Client) -> None:
        """State, facts, options, obligations, children and history, in Chinese."""
        page = _page(plain, "instance", desk)
        for text in ("办理中", "窗口无人", "(封存)", "现在可以办理", "答复", "单(待答)1 件", "不予通过", "建档"):
            assert text in page
        visitor = _client("visitor")
        visitor_user = apps.get_model("auth.User").objects.get(username="visitor")
        visitor_user.user_permissions.set(apps.get_model("auth.Permission").objects.filter(codename="view_instance"))
        assert "当前用户没有对应的经办人" in _page(visitor, "instance", desk)
        visitor_user.user_permissions.clear()

    def test_a_long_history_is_paged(self, host: Host, desk: str, plain: Client) -> None:
        """Each page goes on after the last event of the one before."""
        for number in range(60):
            flow(host.request).do(desk, "note", {"text": f"记录{number}"})
        first = _page(plain, "instance", desk)
        after = re.search(r"\?after=(\d+)", first)
        assert after is not None
        second = _page(plain, "instance", desk, after=after[1])
        assert "记录0" in first
        assert "记录58" not in first
        assert "记录58" in second
        assert "?after=" not in second
        assert "记录0" in _page(plain, "instance", desk, after="nonsense")

    def test_acts_on_any_machine_are_named(self, host: Host, plain: Client) -> None:
        """What no machine has as a step of its own: here a deadline to be reckoned anew."""
        form = {"channel": "email", "content": "x", "anonymous": True}
        filed = flow(host.request).start("complaint", form).raise_if_refused().stream
        flow(host.request).do(filed, "recompute_deadline", {"reason": "调休", "calendar_document": "某发1号"})
        page = _page(plain, "instance", filed)
        for text in ("期限重算", "重算理由", "日历变更依据文件:某发1号"):
            assert text in page
        assert "期限重算" in _page(plain, "event", q=filed)

    def test_what_was_refused_to_be_opened_has_a_page_too(self, host: Host, plain: Client) -> None:
        """Its stream has a log, and no instance."""
        seq = _refused_opening(host)
        assert "不予通过" in _page(plain, "event", seq)


def _refused_opening(host: Host) -> int:
    form = {"channel": "email", "content": "x", "anonymous": True}
    refused = flow(host.request).start("complaint", form, actor=Actor(id="p-9", post="nobody"))
    assert not refused.allowed
    return int(flow(host.request).events(refused.stream)[0]["seq"])


def _commitments(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["sealed"]] if isinstance(value.get("sealed"), str) else []
        return own + [found for each in value.values() for found in _commitments(each)]
    return [found for each in value for found in _commitments(each)] if isinstance(value, list) else []


class TestLists:
    """Lists are of one tenant, are narrowed by what is known, and count little."""

    def test_search_and_filters(self, host: Host, desk: str, plain: Client) -> None:
        """By id, business id, machine, state, post, kind and day."""
        day = today().isoformat()
        for model, query, rows in (
            ("instance", {}, 2),
            ("instance", {"q": desk}, 2),  # itself and its child
            ("instance", {"q": f"信访-{host.tenant}"}, 1),
            ("instance", {"q": "nothing"}, 0),
            ("instance", {"q": day}, 2),
            ("instance", {"q": "2011-09-05"}, 0),
            ("instance", {"machine": "desk"}, 1),
            ("instance", {"machine": "desk", "state": "closed"}, 0),
            ("instance", {"at": "0"}, 2),
            ("event", {"q": desk}, 4),
            ("event", {"q": f"信访-{host.tenant}"}, 4),
            ("event", {"q": "bridge_bureau.officer"}, 5),
            ("event", {"kind": "refused"}, 1),
            ("event", {"q": day, "machine": "slip"}, 1),
            ("obligation", {"q": "reply"}, 1),
            ("obligation", {}, 2),
            ("outgoing", {"q": desk}, 4),
        ):
            assert _counted(plain, model, **query) == rows, (model, query)

    def test_another_tenant_sees_nothing(self, host: Host, desk: str, plain: Client) -> None:
        """Neither in lists nor by the address of a page."""
        seq = flow(host.request).events(desk)[0]["seq"]
        host.change(**host.settings | {"TENANT": uuid4().hex})
        for each in LISTS:
            assert _counted(plain, each) == 0
            assert _counted(plain, each, q=desk) == 0
        assert plain.get(f"/admin/zhiwen_flow/instance/{desk}/change/").status_code == 404
        assert plain.get(f"/admin/zhiwen_flow/event/{seq}/change/").status_code == 404

    def test_no_list_counts_without_bound(self, host: Host, desk: str, plain: Client) -> None:
        """Every count stops at a limit, no value is gathered for filters, and rows ask for nothing more."""
        for each in LISTS:
            with CaptureQueriesContext(connections[host.alias]) as asked:
                _page(plain, each)
            ours = [query["sql"] for query in asked.captured_queries if "zhiwen_" in query["sql"]]
            counts = [text for text in ours if "COUNT(" in text]
            assert len(counts) == 1
            assert "LIMIT 10000" in counts[0]
            assert not [text for text in ours if "DISTINCT" in text or '"raw"' in text or '"facts"' in text]
            assert len(ours) == 2, each

    def test_a_day_is_found_in_a_long_log(self, host: Host, plain: Client) -> None:
        """By the order of the log, also where recording went a little out of order."""
        start = dt.datetime(2011, 9, 1, 9, tzinfo=ZONE)
        clock = FixedClock(start)
        host.change(**host.settings | {"CLOCK": clock})
        for hours in (0, 20, 30, 29, 60, 100, 130, 131):
            clock.set(start + dt.timedelta(hours=hours))
            flow(host.request).start("desk")
        for day, rows in (
            ("2011-08-31", 0),
            ("2011-09-01", 1),
            ("2011-09-02", 3),
            ("2011-09-03", 1),
            ("2011-09-06", 2),
        ):
            assert _counted(plain, "event", q=day) == rows, day
        for span, rows in (("0", 2), ("6", 8)):
            assert _counted(plain, "event", recorded_at=span) == rows, span

    def test_a_list_ends_at_its_bound(
        self, host: Host, desk: str, plain: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Who needs what lies beyond narrows the list."""
        monkeypatch.setattr("zhiwen_flow.integrations.django.admin.BOUND", 3)
        assert _counted(plain, "event") == 3

    def test_deadlines(self, host: Host, plain: Client) -> None:
        """The earliest first, with what is left; filters by how they stand."""
        clock = FixedClock(dt.datetime(2011, 9, 5, 9, tzinfo=ZONE))
        host.change(**host.settings | {"CLOCK": clock})
        form = {"channel": "email", "content": "x", "anonymous": True}
        flow(host.request).start("complaint", form, actor=Actor(id="p-102", post="bridge_leading_group_office.clerk"))
        page = _page(plain, "deadline")
        for text in ("投诉举报件", "已登记", "受理", "15 天"):
            assert text in page
        for days, standing in ((0, None), (10, "soon"), (20, "overdue")):
            clock.set(dt.datetime(2011, 9, 5, 9, tzinfo=ZONE) + dt.timedelta(days=days))
            for each in ("soon", "overdue", "none"):
                assert _counted(plain, "deadline", standing=each) == int(each == standing)
        assert "已逾期 5 天" in _page(plain, "deadline")


def _counted(client: Client, model: str, **query: Any) -> int:
    """Give how many rows a list says that it has."""
    answer: Any = client.get(f"/admin/zhiwen_flow/{model}/", query)
    return int(answer.context_data["cl"].result_count)


def test_raw_events_are_no_column() -> None:
    """The models cannot read bodies, facts, sealed values, keys or definitions."""
    tables = {each._meta.db_table: each for each in apps.get_app_config("zhiwen_flow").get_models()}
    shown = ("streams", "events", "deadlines", "obligations", "outbox", "held")
    assert set(tables) == {f"zhiwen_{each}" for each in shown}
    columns = json.dumps([field.column for each in tables.values() for field in each._meta.get_fields()])
    assert not re.search(r"raw|facts|value|salt|content", columns)
