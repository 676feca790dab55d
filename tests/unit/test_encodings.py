"""Every text that is read or written names its encoding: processes differ in what they assume."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("adapter", "benchmarks", "client", "model_repository", "pipeline")
TEXT_METHODS = {"read_text", "write_text"}
OPENERS = {"open", "fdopen"}
STARTERS = {"run", "Popen", "check_output"}
TEXT_FLAGS = {"text", "universal_newlines"}


def nameless(tree: ast.AST) -> Iterator[int]:
    """The lines of calls that leave the encoding of a text to the process."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        name = getattr(call.func, "attr", getattr(call.func, "id", None))
        values = [*call.args, *named.values()]
        binary = any(
            isinstance(value, ast.Constant) and "b" in str(value.value) for value in values
        )
        opens = name in OPENERS and not binary and not _opens_no_text(call)
        talks = name in STARTERS and TEXT_FLAGS.intersection(named)
        if (name in TEXT_METHODS or opens or talks) and "encoding" not in named:
            yield call.lineno


def _opens_no_text(call: ast.Call) -> bool:
    module = getattr(getattr(call.func, "value", None), "id", None)
    return module in {"os", "wave", "archive"} and getattr(call.func, "attr", "") == "open"


@pytest.mark.parametrize(
    "path",
    [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_text_names_its_encoding(path):
    assert list(nameless(ast.parse(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(
    ("line", "leaves_it_open"),
    [
        ("path.read_text()", True),
        ("path.write_text(text)", True),
        ("open(path)", True),
        ("path.open('w')", True),
        ("subprocess.run(command, text=True)", True),
        ("path.read_text(encoding='utf-8')", False),
        ("open(path, 'rb')", False),
        ("path.open(mode='wb')", False),
        ("subprocess.run(command, encoding='utf-8')", False),
        ("os.open(path, os.O_RDONLY)", False),
    ],
)
def test_the_test_above_tells_them_apart(line, leaves_it_open):
    assert bool(list(nameless(ast.parse(line)))) == leaves_it_open
