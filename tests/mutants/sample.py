"""The mutants that are tried: drawn by a seed, one at most at any place of the code."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import parso
from cosmic_ray.mutating import mutate_code

from tests.mutants.operators import OPERATORS, places


@dataclass(frozen=True)
class Mutant:
    """One change to one module; ``rank`` is its lot."""

    module: Path
    line: int
    operator: str
    before: str
    after: str
    code: str
    rank: bytes


def draw(root: Path, modules: list[Path], seed: int, count: int) -> list[Mutant]:
    """As many mutants of these modules, always the same ones for a seed.

    A mutant's lot depends on the line that it changes and not on the others: what is written
    elsewhere leaves it in the sample or out of it.
    """
    ranked = sorted(
        (lot for module in modules for lot in _lots(root, module, seed)), key=lambda lot: lot[0]
    )
    drawn: dict[tuple, Mutant] = {}
    for rank, module, operator, occurrence, start in ranked:
        if len(drawn) == count:
            break
        place = (module, start)
        if place not in drawn and (mutant := _mutant(root, rank, module, operator, occurrence)):
            drawn[place] = mutant
    return list(drawn.values())


def _lots(root: Path, module: Path, seed: int) -> Iterator[tuple]:
    source = (root / module).read_text(encoding="utf-8")
    lines, tree, seen = source.splitlines(), parso.parse(source), Counter()
    for name, operator in OPERATORS.items():
        for occurrence, start in places(operator(), tree):
            change = f"{module.as_posix()} {name} {lines[start[0] - 1].strip()}"
            seen[change] += 1
            lot = hashlib.sha256(f"{seed} {change} {seen[change]}".encode()).digest()
            yield lot, module, name, occurrence, start


def _mutant(root: Path, rank: bytes, module: Path, operator: str, occurrence: int) -> Mutant | None:
    """None where the operator cannot do it, or the code stays the same."""
    source = (root / module).read_text(encoding="utf-8")
    try:
        code = mutate_code(source, OPERATORS[operator](), occurrence)
    except AttributeError:  # Cosmic Ray cannot replace one of several exceptions with dotted names
        return None
    changed = [
        (number, before.strip(), after.strip())
        for number, (before, after) in enumerate(
            zip(source.splitlines(), code.splitlines(), strict=False), start=1
        )
        if before != after
    ]
    if not changed:
        return None
    return Mutant(module, changed[0][0], operator, changed[0][1], changed[0][2], code, rank)
