"""``zhiwen-flow relay``: run, status, dead, retry, skip, in both languages and forms; secrets are never printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.test_cli import Runner
from zhiwen_flow.flow import Flow
from zhiwen_flow.stores.opening import open_outbox
from zhiwen_flow.stores.outbox import Failure, lane_of
from zhiwen_flow.testing.desk import desk_machines
from zhiwen_flow.testing.store_contract import CLERK

SECRET = "do-not-print-this-secret-anywhere"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Give a runner."""
    monkeypatch.delenv("ZHIWEN_SINK_SECRET", raising=False)
    return Runner(capsys, monkeypatch)


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Flow]:
    """Give a flow with two desks."""
    with Flow.open(f"sqlite:///{tmp_path / 'flow.db'}", machines=desk_machines(), actor=CLERK) as found:
        for _ in range(2):
            found.do(found.start("desk"), "note")
        yield found


@pytest.fixture
def url(flow: Flow, tmp_path: Path) -> str:
    """Give its database."""
    return f"sqlite:///{tmp_path / 'flow.db'}"


@pytest.fixture
def letter(flow: Flow, url: str) -> str:
    """Make a dead letter, and give its id."""
    with closing(open_outbox(url)) as outbox:
        lanes = outbox.claim("test", seconds=9)
        first = outbox.read(lanes, limit=100)[0]
        outbox.settle("test", failed=[Failure(waiting=first, error="收件方不收", delay=0, dead=True)], seconds=None)
        return first.event.id


def test_published_to_the_log(run: Runner, url: str, flow: Flow) -> None:
    """One line of JSON for each event, on standard output; a second run finds nothing."""
    done = run("relay", "run", url, "--sink", "log:", "--once", "--source", "https://oa.example/zhiwen")
    made = [json.loads(line)["cloudevent"] for line in done.out.splitlines()]
    assert (done.status, done.err) == (0, "已发布4条,被退回0次,其中成为死信0条\n")
    assert {each["id"] for each in made} == {each.id for each in flow.store.events()}
    assert {each["source"] for each in made} == {"https://oa.example/zhiwen"}
    again = run("relay", "run", url, "--sink", "log:", "--once", "--format", "json")
    assert json.loads(again.out) == {"confirmed": 0, "refused": 0, "dead": 0}


def test_status(run: Runner, url: str) -> None:
    """What waits, by lane."""
    done = run("relay", "status", url, "--format", "json")
    found = json.loads(done.out)
    assert (done.status, found["waiting"], found["dead"], len(found["lanes"])) == (0, 4, 0, 16)
    assert found["oldest_seconds"] >= 0
    assert "待发4条,死信0条" in run("relay", "status", url).out
    assert "4 waiting, 0 dead letters" in run("relay", "status", url, "--lang", "en").out


def test_dead_letters(run: Runner, url: str, letter: str, flow: Flow) -> None:
    """Shown, counted by the exit status, retried."""
    stream = flow.store.event(letter).stream
    done = run("relay", "status", url, "--format", "json")
    assert (done.status, json.loads(done.out)["lanes"][lane_of(stream)]["dead"]) == (1, 1)
    shown = json.loads(run("relay", "dead", url, "--format", "json").out)
    assert shown == [{"event": letter, "stream": stream, "attempts": 1, "error": "收件方不收"}]
    assert letter in run("relay", "dead", url).out
    assert "1条" in run("relay", "retry", url, letter).err
    assert "no dead letter" in run("relay", "retry", url, letter).err
    assert run("relay", "retry", url).status == 2
    assert run("relay", "retry", url, "--all", "--lang", "en").err == "0 dead letters will be tried again\n"
    assert run("relay", "run", url, "--sink", "log:", "--once").status == 0
    assert run("relay", "status", url).status == 0


def test_giving_up(run: Runner, url: str, letter: str) -> None:
    """Only with a reason, which is kept."""
    assert run("relay", "skip", url, letter).status == 2
    assert run("relay", "skip", url, letter, "--reason", " ").status == 2
    assert run("relay", "skip", url, letter, "--reason", "收件方已停用").status == 0
    (gone,) = json.loads(run("relay", "dead", url, "--skipped", "--format", "json").out)
    assert (gone["event"], gone["reason"]) == (letter, "收件方已停用")
    assert "收件方已停用" in run("relay", "dead", url, "--skipped").out
    done = run("relay", "run", url, "--sink", "log:", "--once", "--format", "json")
    assert letter not in done.out


class TestSecrets:
    """Passwords and keys."""

    def test_of_a_file_or_the_environment(
        self, run: Runner, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Both are read; neither is printed, whatever fails."""
        place = tmp_path / "secret"
        place.write_text(SECRET + "\n", encoding="utf-8")
        sinks = ["https://127.0.0.1:9/hook", "amqp://user@127.0.0.1:9/"]
        for sink in sinks:
            done = run("relay", "run", url, "--sink", sink, "--once", "--secret-file", place)
            assert done.status == 2
            assert done.err.splitlines()[-1].startswith("zhiwen-flow: ")
            assert SECRET not in done.out + done.err
        monkeypatch.setenv("ZHIWEN_SINK_SECRET", SECRET)
        done = run("relay", "run", url, "--sink", sinks[0], "--once")
        assert "not public" in done.err
        assert SECRET not in done.out + done.err

    def test_missing(self, run: Runner, url: str, tmp_path: Path) -> None:
        """It is said what to give, and where."""
        assert "needs a key" in run("relay", "run", url, "--sink", "https://a.example/", "--once").err
        missing = run("relay", "run", url, "--sink", "https://a.example/", "--once", "--secret-file", tmp_path / "none")
        assert (missing.status, "cannot be read" in missing.err) == (2, True)

    def test_in_the_url(self, run: Runner, url: str) -> None:
        """A command line can be read by every user of the machine; the password is not repeated."""
        done = run("relay", "run", url, "--sink", f"amqp://user:{SECRET}@127.0.0.1/", "--once")
        assert (done.status, "leave it out" in done.err) == (2, True)
        assert SECRET not in done.err


@pytest.mark.parametrize("command", [("run", "--sink", "log:", "--once"), ("status",), ("dead",), ("retry", "--all")])
def test_a_mistyped_path(run: Runner, tmp_path: Path, command: tuple[str, ...]) -> None:
    """It makes no new database."""
    done = run("relay", command[0], f"sqlite:///{tmp_path / 'none.db'}", *command[1:])
    assert (done.status, "no such file" in done.err) == (2, True)
    assert not list(tmp_path.iterdir())
