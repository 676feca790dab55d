"""The mutants that are tried: drawn by a seed, one at most at any place of the code."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import parso
from cosmic_ray.mutating import mutate_code
from parso.python.tree import Module

from tests.mutants.modules import PARTS_LEFT_OUT
from tests.mutants.operators import OPERATORS, places


@dataclass(frozen=True)
class Mutant:
    """One change to one module."""

    module: Path
    line: int
    operator: str
    before: str
    after: str
    code: str


def draw(root: Path, modules: list[Path], seed: int, count: int) -> list[Mutant]:
    """As many mutants of these modules, always the same ones for a seed.

    A mutant's lot depends on the line that it changes and not on the others: what is written
    elsewhere leaves it in the sample or out of it.
    """
    drawn: dict[tuple, Mutant] = {}
    for _, module, operator, occurrence, start in sorted(
        lot for each in modules for lot in _lots(root, each, seed)
    ):
        if len(drawn) == count:
            break
        place = (module, start)
        if place not in drawn and (mutant := _mutant(root, module, operator, occurrence, start[0])):
            drawn[place] = mutant
    return list(drawn.values())


def _lots(root: Path, module: Path, seed: int) -> Iterator[tuple]:
    source = (root / module).read_text(encoding="utf-8")
    lines, tree, seen = source.splitlines(), parso.parse(source), Counter()
    left_out = set(PARTS_LEFT_OUT.get(module, ()))
    for name, operator in OPERATORS.items():
        for occurrence, start in places(operator(), tree):
            if _definitions(tree, start) & left_out:
                continue
            change = f"{module.as_posix()} {name} {lines[start[0] - 1].strip()}"
            seen[change] += 1
            lot = hashlib.sha256(f"{seed} {change} {seen[change]}".encode()).digest()
            yield lot, module, name, occurrence, start


def _definitions(tree: Module, position: tuple[int, int]) -> set[str]:
    """The names of the functions and classes around a place."""
    node, names = tree.get_leaf_for_position(position), set()
    while node := node.parent:
        if node.type in ("classdef", "funcdef"):
            names.add(node.name.value)
    return names


def _mutant(root: Path, module: Path, operator: str, occurrence: int, line: int) -> Mutant | None:
    """None where the operator cannot do it, or the code stays the same."""
    source = (root / module).read_text(encoding="utf-8")
    try:
        code = mutate_code(source, OPERATORS[operator](), occurrence)
    except AttributeError:  # Cosmic Ray cannot replace one of several exceptions with dotted names
        return None
    if code == source:
        return None
    before, after = (text.splitlines()[line - 1].strip() for text in (source, code))
    return Mutant(module, line, operator, before, after, code)
