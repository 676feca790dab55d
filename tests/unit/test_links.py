"""Links between the pages lead to what is there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTED = subprocess.run(
    ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
    cwd=ROOT,
    capture_output=True,
    text=True,
    encoding="utf-8",
    check=True,
    timeout=60,
).stdout.split()
PAGES = [page for page in LISTED if (ROOT / page).is_file()]
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page: str) -> set[str]:
    """What GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ +(.*)$", FENCED.sub("", page), re.MULTILINE)
    shown = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-") for heading in shown}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    lost = []
    for target, anchor in LINK.findall(FENCED.sub("", text)):
        file = (ROOT / page).parent / target if target else ROOT / page
        if not file.exists():
            lost.append(target)
        elif anchor and anchor not in anchors(file.read_text(encoding="utf-8")):
            lost.append(f"{target}#{anchor}")
    assert lost == []
