"""The example office runs as a user runs it: as processes, on each database."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import attrs
import httpx2
import psycopg
import pytest

import zhiwen_flow
from tests.services import postgres_schema, postgres_server

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "django_host"
PASSWORD = uuid4().hex
LETTER = "信访〔2011〕17号"
FILED = {"channel": "email", "content": "8月15日上午窗口无人", "anonymous": "true", "accused_unit": "bridge_bureau"}


@attrs.frozen
class Office:
    """The example on one database."""

    url: str

    def environment(self, **more: str) -> dict[str, str]:
        """Give what its processes see."""
        own = {"PYTHONPATH": str(Path(zhiwen_flow.__file__).parent.parent), "OFFICE_DATABASE": self.url}
        return {**os.environ, **own, "PYTHONWARNINGS": "error", "PYTHONIOENCODING": "utf-8", **more}

    def manage(self, *command: str, status: int = 0, **more: str) -> str:
        """Run a command of `manage.py`, and give what it said."""
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=EXAMPLE,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=180,
            check=False,
        )
        assert done.returncode == status, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    def run(self, text: str) -> None:
        """Run a statement behind the back of everybody."""
        db = sqlite3.connect(self.url[10:]) if self.url.startswith("sqlite") else psycopg.connect(self.url)
        db.execute(text)
        db.commit()
        db.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Give the example on each database, its tables made."""
    if request.param == "sqlite":
        found = Office(f"sqlite:///{tmp_path_factory.mktemp('office') / 'office.db'}")
        found.manage("migrate", "--verbosity", "0")
        yield found
        return
    with postgres_schema() as url:
        found = Office(url)
        found.manage("migrate", "--verbosity", "0")
        yield found


@contextmanager
def _served(office: Office) -> Iterator[str]:
    """Serve the example, and give its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "manage.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        command, cwd=EXAMPLE, env=office.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            assert server.poll() is None
            try:
                httpx2.get(f"{address}/login/")
                break
            except httpx2.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _post(client: httpx2.Client, page: str, **form: str) -> httpx2.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="(.*?)"', client.get(page).text)
    assert token is not None
    return client.post(page, data={"csrfmiddlewaretoken": token[1], **form})


@contextmanager
def _signed_in(address: str, name: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=address, follow_redirects=True, timeout=30) as client:
        assert _post(client, "/login/", username=name, password=PASSWORD).status_code == 200
        yield client


def _step(client: httpx2.Client, page: str, trigger: str, **form: str) -> str:
    told = {f"{trigger}-{name}": each for name, each in form.items()}
    return _post(client, page, trigger=trigger, **told).text


def test_it_is_sound_to_django(office: Office) -> None:
    """No check warns, nothing is left to migrate, and its own tests pass."""
    assert "no issues" in office.manage("check", "--database", "default", "--fail-level", "WARNING")
    office.manage("makemigrations", "--check", "--dry-run")
    own = office.url if office.url.startswith("sqlite") else postgres_server()
    said = Office(own).manage("test", "--noinput", OFFICE_TEST_DATABASE=f"office_{uuid4().hex[:12]}")
    assert re.search(r"Ran [1-9]\d* tests", said)


def test_a_day_at_the_office(office: Office) -> None:
    """A letter is filed, refused, assigned; the admin shows it to whom it may; the commands find all well."""
    office.manage("office_users", PASSWORD)
    with _served(office) as address:
        with _signed_in(address, "desk") as desk:
            page = _post(desk, "/new/", number=LETTER, title="窗口无人值守", **FILED)
            assert f"已登记:{LETTER}" in page.text
            letter = page.url.path
            assert "已办理:分类" in _step(desk, letter, "classify", lead_class="inquiry")
            assert "已办理:受理" in _step(desk, letter, "accept")
            unit = {"disposal": "assign_down", "handling_unit": "bridge_bureau"}
            refused = _step(desk, letter, "assign", **unit)
            assert "不予办理:分办" in refused
            assert "缺少材料:摘要" in refused
            assert "已办理:分办" in _step(desk, letter, "assign", **unit, abstract="摘要1号")
            assert "应由“大桥局”的人员办理" in desk.get(letter).text
        with _signed_in(address, "bridge") as bridge:
            assert "已办理:签收并开始核实" in _step(bridge, letter, "begin_verification", verifier="p-206")
        with _signed_in(address, "auditor") as auditor:
            found = re.search(r"/admin/zhiwen_flow/instance/\w+/change/", auditor.get(_ADMIN + "instance/").text)
            assert found is not None
            shown = auditor.get(found[0]).text
            assert LETTER in shown
            assert "办理核实中" in shown
            assert FILED["content"] not in shown
            assert auditor.post(found[0]).status_code == 403
            assert auditor.post(_ADMIN + "event/", data={"action": "delete_selected"}).status_code == 403
        with _signed_in(address, "visitor") as visitor:
            assert visitor.get(_ADMIN + "instance/").status_code == 403
    assert "待人办理" in office.manage("zhiwen_tick", "--within", "365")
    assert "数据库与日志一致" in office.manage("zhiwen_verify")
    assert "已发布 6 条" in office.manage("zhiwen_relay", "--once", "--sink", "log:")


_ADMIN = "/admin/zhiwen_flow/"


def test_what_was_altered_is_found(office: Office) -> None:
    """A state changed behind the library's back: exit status 1; settings with a fault: status 2 or a failed check."""
    office.run("UPDATE zhiwen_streams SET state = 'concluded' WHERE machine = 'complaint'")
    assert "×" in office.manage("zhiwen_verify", status=1)
    office.run("UPDATE zhiwen_streams SET state = 'verifying' WHERE machine = 'complaint'")
    office.manage("zhiwen_verify")
