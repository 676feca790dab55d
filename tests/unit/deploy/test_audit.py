"""What is found has a reason, or somebody has to look at it."""

from pathlib import Path

import pytest
import yaml

from deploy import audit
from deploy.advisories import advisories_in
from deploy.audit import Finding, NotAsked, advisory_findings, code_findings, unexplained

ROOT = Path(__file__).parents[3]
FOUND = [Finding("B602", "pipeline/shell.py", "line 3: shell=True")]


def reason(kind: str, *places: str, why: str = "no client reaches it") -> dict:
    return {"kinds": [kind], "places": list(places), "reason": why}


@pytest.mark.parametrize(
    "reasons",
    [
        [],
        [reason("B603", "pipeline/shell.py")],
        [reason("B602", "pipeline/other.py")],
        [reason("B602", "pipeline/shell.py", why=" ")],
    ],
    ids=["none", "of another kind", "of another file", "empty"],
)
def test_a_finding_without_its_reason_is_told(reasons):
    assert "B602: pipeline/shell.py: line 3: shell=True" in unexplained(FOUND, reasons)


def test_a_reason_holds_until_nothing_is_found():
    reasons = [reason("B602", "pipeline/shell.py")]
    assert unexplained(FOUND, reasons) == []
    assert unexplained([], reasons) == ["B602: pipeline/shell.py: audit.yaml explains what is gone"]


def test_the_code_is_read(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code/shell.py").write_text("import os\n\nos.system(input())\n", encoding="utf-8")
    found = {(finding.kind, finding.place) for finding in code_findings(["code"], tmp_path)}
    assert ("B605", "code/shell.py") in found


def test_code_that_cannot_be_read_is_not_taken_for_harmless(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code/shell.py").write_text("import (\n", encoding="utf-8")
    with pytest.raises(NotAsked, match=r"code/shell\.py"):
        list(code_findings(["code"], tmp_path))


def test_an_index_that_says_nothing_is_not_taken_for_good_news(monkeypatch):
    skipped = [{"name": "torch", "skip_reason": "not found"}]
    monkeypatch.setattr(audit, "_answer", lambda *_: {"dependencies": skipped})
    with pytest.raises(NotAsked, match="nothing about 1 packages, such as torch: not found"):
        list(audit.package_findings())


def test_what_the_index_knows_is_found(monkeypatch):
    fault = {"id": "PYSEC-2026-3", "fix_versions": ["1.1", "2.0"], "aliases": ["CVE-2026-1"]}
    known = {"name": "some-thing", "version": "1.0", "vulns": [fault]}
    sound = {"name": "other", "version": "1.0", "vulns": []}
    monkeypatch.setattr(audit, "_answer", lambda *_: {"dependencies": [known, sound]})
    assert list(audit.package_findings()) == [
        Finding("PYSEC-2026-3", "some-thing", "some-thing 1.0; mended in 1.1, 2.0")
    ]


def test_nothing_in_our_code_is_without_its_reason():
    reasons = yaml.safe_load(audit.REASONS.read_text(encoding="utf-8"))
    assert unexplained(list(code_findings()), reasons["code"]) == []


def test_every_reason_says_why():
    reasons = yaml.safe_load((ROOT / "deploy/audit.yaml").read_text(encoding="utf-8"))
    for entry in [*reasons["code"], *reasons["packages"]]:
        assert len(entry["reason"]) > 40
        assert entry["kinds"]
        assert entry["places"]


@pytest.fixture
def advisories(tmp_path: Path) -> Path:
    """A database with two ranges of versions of one package."""
    folder = tmp_path / "vulns/some-thing"
    folder.mkdir(parents=True)
    events = [
        {"introduced": "0"},
        {"fixed": "1.2"},
        {"introduced": "2.0"},
        {"last_affected": "2.5"},
    ]
    package = {"name": "Some_Thing", "ecosystem": "PyPI"}
    spans = [
        {"type": "GIT", "events": [{"introduced": "0"}]},
        {"type": "ECOSYSTEM", "events": events},
    ]
    document = {
        "id": "PYSEC-2026-1",
        "affected": [{"package": package, "ranges": spans, "versions": ["3.0.dev7"]}],
    }
    (folder / "PYSEC-2026-1.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    withdrawn = {**document, "id": "PYSEC-2026-2", "withdrawn": "2026-01-01T00:00:00Z"}
    (folder / "PYSEC-2026-2.yaml").write_text(yaml.safe_dump(withdrawn), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("version", "known"),
    [
        ("0.9", True),
        ("1.10", False),
        ("1.2", False),
        ("1.1.9", True),
        ("2.0", True),
        ("2.5", True),
        ("2.5.1", False),
        ("3.0.dev7", True),
    ],
)
def test_an_advisory_is_about_its_versions(advisories, tmp_path, version, known):
    lock = tmp_path / "lock"
    lock.write_text(
        f"other==0.9 ; python_version < '4'\nsome-thing=={version} ; python_version < '4'\n",
        encoding="utf-8",
    )
    expected = [("PYSEC-2026-1", "some-thing", version)] if known else []
    assert list(advisories_in(advisories, lock)) == expected


def test_a_folder_that_is_no_database_is_not_taken_for_good_news(tmp_path):
    with pytest.raises(NotAsked, match="no checkout"):
        list(advisory_findings(tmp_path))
