"""The demonstration does what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Demonstration
from zhiwen_flow.demo import run
from zhiwen_flow.errors import StoreError
from zhiwen_flow.loading import shipped
from zhiwen_flow.terms import Outcome

EXPECTED = {
    "too_early": {"not_before"},
    "tasks_open": {"children_are_all_in"},
    "recusal": {"actor_is_not_concerned"},
    "not_answered": {"step.starts_here"},
    "not_rectified": {"no_open_obligations"},
    "not_heard": {"facts_are_recorded", "every_item_is_assessed", "value_is_one_of", "no_heavier_than_told"},
    "no_authority": {"has_measure_authority"},
    "office_decides": {"has_measure_authority", "coordinating_body_never_decides_on_persons"},
    "no_meeting": {"has_measure_authority"},
    "not_asked": {"others_were_asked"},
}


@pytest.mark.requirement("G06")
class TestDemonstration:
    """One campaign, two complaints, one case."""

    def test_each_refusal_is_the_one_told(self, demonstration: Demonstration) -> None:
        """Refused by the guards the story speaks of, and by no other."""
        told = {name: {each.guard for each in found.refusals} for name, found in demonstration.told.refusals.items()}
        assert told == EXPECTED

    def test_the_wrong_organ_learns_who_could(self, demonstration: Demonstration) -> None:
        """The refusal names rule, organ and remedy."""
        refused = demonstration.told.refusals["no_authority"]
        assert [each.id for each in refused.who_could] == ["transport_party_group"]
        said = refused.explain("zh")
        assert "省交通运输厅党组" in said
        assert "依据:" in said
        assert "怎么办:" in said
        assert "依据待核实" in said

    def test_no_refusal_is_an_error(self, demonstration: Demonstration) -> None:
        """No guard went wrong; only the unassessed exemption could not be judged."""
        outcomes = {each.outcome for found in demonstration.told.refusals.values() for each in found.refusals}
        assert outcomes == {Outcome.FAIL, Outcome.UNKNOWN}

    def test_the_log_holds_and_the_altered_copy_does_not(self, demonstration: Demonstration) -> None:
        """Both are shown."""
        told = demonstration.told
        assert told.report.sound
        assert told.tables.sound
        assert told.altered.flaw is not None

    def test_no_identity_is_told(self, demonstration: Demonstration) -> None:
        """What is sealed stands neither in what is said nor in the log."""
        for text in (demonstration.said, demonstration.log.read_text()):
            assert "(示例投诉人)" not in text
            assert "窗口无人办理" not in text

    def test_what_it_writes(self, demonstration: Demonstration) -> None:
        """Database, log, and a picture of every machine in three formats."""
        assert all(each.is_file() and each.stat().st_size for each in demonstration.told.files)
        assert len(list((demonstration.folder / "diagrams").iterdir())) == 3 * len(shipped("machines"))

    def test_a_used_folder_is_not_overwritten(self, demonstration: Demonstration) -> None:
        """A second run into the same folder is refused with the way out."""
        with pytest.raises(StoreError, match="empty folder"):
            run(demonstration.folder, lambda _: None)

    def test_in_memory(self) -> None:
        """Without a folder nothing is written."""
        assert run(None, lambda _: None).files == ()

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path) -> None:
        """A file in the way is named."""
        (tmp_path / "file").write_text("")
        with pytest.raises(StoreError, match="another folder"):
            run(tmp_path / "file" / "out", lambda _: None)
