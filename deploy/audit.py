"""``make audit``: our own code, and the packages that the locks pin, against known faults.

bandit reads the code, pip-audit asks the package index.  What is found and left as it is
stands in ``audit.yaml`` with the reason; anything else fails, and so does a reason for
what is found no more.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from deploy.advisories import advisories_in
from deploy.environment import LOCKS, ROOT

REASONS = Path(__file__).with_name("audit.yaml")
CODE = ("adapter", "client", "deploy", "documents", "model_repository", "pipeline")
LOCK = LOCKS / "dev.lock"  # the others are parts of it


class Finding(NamedTuple):
    """Something that is known to be a fault in other places."""

    kind: str  # bandit's test, or the advisory
    place: str  # a file, or a package
    what: str


class NotAsked(Exception):  # noqa: N818 - what happened to it
    """A tool did not do its work, so that nothing found means nothing."""


def code_findings(folders: Collection[str] = CODE, root: Path = ROOT) -> Iterator[Finding]:
    """What bandit says of our code.

    Raises:
        NotAsked: bandit did not read all of it.
    """
    answer = _answer("bandit", "--quiet", "--format=json", "--recursive", *folders, root=root)
    if answer["errors"]:
        raise NotAsked(f"bandit could not read {answer['errors']}")
    for result in answer["results"]:
        where = f"line {result['line_number']}: {result['issue_text']}"
        yield Finding(result["test_id"], result["filename"].removeprefix("./"), where)


def package_findings(lock: Path = LOCK) -> Iterator[Finding]:
    """What the package index knows of the packages of a lock.

    Raises:
        NotAsked: it could not be asked about each of them.
    """
    options = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "--format=json")
    answer = _answer("pip_audit", *options, "--requirement", str(lock))
    skipped = [package for package in answer["dependencies"] if "skip_reason" in package]
    if skipped:
        raise NotAsked(
            f"the index told nothing about {len(skipped)} packages, such as "
            f"{skipped[0]['name']}: {skipped[0]['skip_reason']}; a checkout of "
            "github.com/pypa/advisory-database tells as well: make audit ADVISORIES=folder"
        )
    for package in answer["dependencies"]:
        for fault in package["vulns"]:
            mended = ", ".join(fault["fix_versions"]) or "no version"
            place = f"{package['name']} {package['version']}"
            yield Finding(fault["id"], package["name"], f"{place}; mended in {mended}")


def advisory_findings(folder: Path, lock: Path = LOCK) -> Iterator[Finding]:
    """What a checkout of the advisory database knows of them.

    Raises:
        NotAsked: it is none.
    """
    try:
        for advisory, package, version in advisories_in(folder, lock):
            yield Finding(advisory, package, f"{package} {version}")
    except FileNotFoundError as error:
        raise NotAsked(error) from None


def unexplained(findings: Collection[Finding], reasons: Collection[dict]) -> list[str]:
    """A line for each finding that has no reason, and for each reason that has no finding.

    Args:
        reasons: mappings with ``kinds``, ``places`` and ``reason``.
    """
    found = {(finding.kind, finding.place) for finding in findings}
    explained = {
        (kind, place)
        for entry in reasons
        if entry["reason"].strip()
        for kind in entry["kinds"]
        for place in entry["places"]
    }
    lines = [
        f"{kind}: {place}: {what}"
        for kind, place, what in sorted(findings)
        if (kind, place) not in explained
    ]
    stale = sorted(explained - found)
    return lines + [
        f"{kind}: {place}: {REASONS.name} explains what is gone" for kind, place in stale
    ]


def main() -> int:
    """Run the command; 1 if there is something to look at."""
    parser = argparse.ArgumentParser(prog="python -m deploy.audit", description=__doc__)
    parser.add_argument(
        "--advisories",
        type=Path,
        help="a checkout of github.com/pypa/advisory-database, where the index cannot be asked",
    )
    advisories = parser.parse_args().advisories
    reasons = yaml.safe_load(REASONS.read_text(encoding="utf-8"))
    to_look_at = []
    packages = advisory_findings(advisories) if advisories else package_findings()
    for part, finding in (("code", code_findings()), ("packages", packages)):
        try:
            findings = list(finding)
        except NotAsked as failure:
            to_look_at.append(f"{part}: {failure}")
            continue
        lines = unexplained(findings, reasons[part])
        print(f"{part}: {len(findings)} findings, {len(lines)} to look at")
        to_look_at += lines
    print(*to_look_at, sep="\n", end="\n" if to_look_at else "")
    return 1 if to_look_at else 0


def _answer(tool: str, *arguments: str, root: Path = ROOT) -> dict:
    command = [sys.executable, "-m", tool, *arguments]
    outcome = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8")
    try:
        return json.loads(outcome.stdout)
    except json.JSONDecodeError:
        said = outcome.stderr.strip().splitlines() or ["nothing"]
        raise NotAsked(f"{tool} ended with {outcome.returncode} and said {said[-1]}") from None


if __name__ == "__main__":
    sys.exit(main())
