"""Who vouches for a checkpoint: Ed25519 keys, and what is found where a signature does not fit."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import attrs
import pytest
from typer.testing import CliRunner

from tests.conftest import Demonstration
from zhiwen_flow.audit.checkpoint import checkpoint_of, checkpoint_text, read_checkpoint
from zhiwen_flow.audit.findings import Assurance, BadError
from zhiwen_flow.audit.signing import make_key, read_signer, read_verifier
from zhiwen_flow.audit.verify import verify_file, verify_store
from zhiwen_flow.canonical import canonical
from zhiwen_flow.cli.main import app
from zhiwen_flow.errors import AuditError
from zhiwen_flow.stores.opening import open_store


@attrs.frozen
class Signed:
    """A signed checkpoint of the demonstration, and the files around it."""

    file: Path
    private: Path
    public: Path
    fingerprint: str


@pytest.fixture
def signed(demonstration: Demonstration, tmp_path: Path) -> Signed:
    """Sign a checkpoint."""
    private = tmp_path / "key.pem"
    public, fingerprint = make_key(private)
    file = tmp_path / "checkpoint.json"
    held = checkpoint_of(open_store(demonstration.url))
    file.write_bytes(checkpoint_text(held, signer=read_signer(private)))
    return Signed(file, private, public, fingerprint)


def test_the_highest_assurance(demonstration: Demonstration, signed: Signed) -> None:
    """A log that agrees with a checkpoint whose signature fits."""
    held = read_checkpoint(signed.file, verifier=read_verifier(signed.public))
    assert held.signed_by == signed.fingerprint
    assert verify_store(open_store(demonstration.url), checkpoint=held).assurance is Assurance.SIGNED
    assert verify_file(demonstration.log, checkpoint=held).assurance is Assurance.SIGNED
    unasked = read_checkpoint(signed.file)
    assert verify_file(demonstration.log, checkpoint=unasked).assurance is Assurance.CHECKPOINT


def test_keys_are_for_their_owner(signed: Signed) -> None:
    """The private key is readable by its owner, is overwritten by nobody, and stands in no text."""
    assert stat.S_IMODE(signed.private.stat().st_mode) == 0o600
    with pytest.raises(AuditError, match="cannot be made"):
        make_key(signed.private)
    secret = signed.private.read_text().splitlines()[1]
    assert secret not in repr(read_signer(signed.private))
    assert secret not in signed.file.read_text()


def _hurt(signed: Signed, **change: str) -> None:
    told = json.loads(signed.file.read_bytes())
    told["signature"] |= change
    signed.file.write_bytes(canonical(told) + b"\n")


def _flaw(signed: Signed, public: Path | None = None) -> str:
    with pytest.raises(BadError) as bad:
        read_checkpoint(signed.file, verifier=read_verifier(public or signed.public))
    assert bad.value.flaw.zh
    return bad.value.flaw.en


def test_another_key(signed: Signed, tmp_path: Path) -> None:
    """Signed, but not by the one asked for; also where the file says that it was."""
    public, fingerprint = make_key(tmp_path / "other.pem")
    assert "another key" in _flaw(signed, public)
    _hurt(signed, key=fingerprint)
    assert "does not fit" in _flaw(signed, public)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": "00" * 64}, "does not fit"),
        ({"value": "x"}, "does not fit"),
        ({"value": ""}, "does not fit"),
        ({"algorithm": "sm2"}, "another algorithm"),
        ({"more": "x"}, "is none"),
    ],
)
def test_an_altered_signature(signed: Signed, change: dict[str, str], said: str) -> None:
    """Whatever was changed in it."""
    _hurt(signed, **change)
    assert said in _flaw(signed)


def test_an_altered_checkpoint(signed: Signed) -> None:
    """The signature is over all that the checkpoint says."""
    told = json.loads(signed.file.read_bytes())
    for name in told["checkpoint"]:
        if isinstance(told["checkpoint"][name], int):
            changed = {**told, "checkpoint": {**told["checkpoint"], name: told["checkpoint"][name] + 1}}
            signed.file.write_bytes(canonical(changed) + b"\n")
            assert "does not fit" in _flaw(signed)


def test_an_unsigned_one_where_a_signed_is_asked(demonstration: Demonstration, signed: Signed) -> None:
    """It is a finding, on the command line as well: status 1, and no traceback."""
    signed.file.write_bytes(checkpoint_text(checkpoint_of(open_store(demonstration.url))))
    assert "not signed" in _flaw(signed)
    asked = ["audit", "verify", str(demonstration.log), "--checkpoint", str(signed.file)]
    assert CliRunner().invoke(app, asked).exit_code == 0
    found = CliRunner().invoke(app, [*asked, "--public-key", str(signed.public)])
    assert found.exit_code == 1
    assert "没有签名" in found.output


def test_from_key_to_verification_on_the_command_line(demonstration: Demonstration, tmp_path: Path) -> None:
    """Key, signed checkpoint with its heads, verification."""
    key, held, heads = tmp_path / "k.pem", tmp_path / "c.json", tmp_path / "heads"
    made = CliRunner().invoke(app, ["audit", "key", "-o", str(key)])
    assert made.exit_code == 0
    assert "PRIVATE" not in made.output
    signing = ["audit", "checkpoint", demonstration.url, "-o", str(held), "--heads", str(heads), "--sign", str(key)]
    assert CliRunner().invoke(app, signing).exit_code == 0
    for target in (demonstration.url, str(demonstration.log)):
        asked = ["audit", "verify", target, "--checkpoint", str(held), "--public-key", f"{key}.pub"]
        found = CliRunner().invoke(app, [*asked, "--heads", str(heads), "--format", "json"])
        assert found.exit_code == 0
        assert json.loads(found.output)["assurance"] == "signed checkpoint"


@pytest.mark.parametrize("read", [read_signer, read_verifier])
def test_what_is_no_key(tmp_path: Path, signed: Signed, read: object) -> None:
    """It says what is wrong and shows nothing of the file."""
    file = tmp_path / "x.pem"
    for content in (b"", b"secret stuff", (signed.public if read is read_signer else signed.private).read_bytes()):
        file.write_bytes(content)
        with pytest.raises(AuditError, match=r"x\.pem") as error:
            read(file)  # type: ignore[operator]
        assert "secret" not in str(error.value)
    with pytest.raises(AuditError, match="cannot be read"):
        read(tmp_path / "nowhere")  # type: ignore[operator]
