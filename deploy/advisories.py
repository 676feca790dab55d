"""Known faults of pinned packages, from a checkout of the Python Packaging Advisory Database.

For places where the package index cannot be asked.  The files are of the OSV schema
(https://ossf.github.io/osv-schema).
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from packaging.utils import canonicalize_name
from packaging.version import Version

PIN = re.compile(r"(?m)^([a-z0-9-]+)==([^\s;]+)")


def advisories_in(folder: Path, lock: Path) -> Iterator[tuple[str, str, str]]:
    """(advisory, package, version) for each pinned version that one of the advisories is about.

    Raises:
        FileNotFoundError: the folder is no checkout of the database.
    """
    vulnerabilities = folder / "vulns"
    if not vulnerabilities.is_dir():
        raise FileNotFoundError(f"{folder} is no checkout of pypa/advisory-database: no vulns/")
    for package, version in PIN.findall(lock.read_text(encoding="utf-8")):
        for path in sorted((vulnerabilities / package).glob("*.yaml")):
            advisory = yaml.safe_load(path.read_text(encoding="utf-8"))
            if "withdrawn" not in advisory and is_about(advisory, package, version):
                yield advisory["id"], package, version


def is_about(advisory: dict, package: str, version: str) -> bool:
    """Whether an advisory names this version, or a range of versions that it lies in."""
    for affected in advisory.get("affected", ()):
        if canonicalize_name(affected["package"]["name"]) != package:
            continue
        if version in affected.get("versions", ()):
            return True
        ranges = affected.get("ranges", ())
        if any(_is_in(version, span["events"]) for span in ranges if span["type"] == "ECOSYSTEM"):
            return True
    return False


def _is_in(version: str, events: list[dict[str, str]]) -> bool:
    inside = False
    for event in events:
        kind, bound = next(iter(event.items()))
        passed = Version(version) >= Version(str(bound))
        if kind == "introduced":
            inside |= passed
        elif kind == "fixed":
            inside &= not passed
        elif kind == "last_affected":
            inside &= Version(version) <= Version(str(bound))
    return inside
