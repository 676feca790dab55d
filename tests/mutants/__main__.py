"""``make mutants``: do the tests notice when the code beside them is changed?"""

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from tests.mutants import trial
from tests.mutants.modules import mutated, tests_beside
from tests.mutants.sample import Mutant, draw

ROOT = Path(__file__).parents[2]
WANTED = 85  # of a hundred mutants


def main() -> int:
    """Run the command.

    Returns:
        The exit status: 0 where enough mutants are killed, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="draws the sample (1)")
    parser.add_argument("--count", type=int, default=400, help="of mutants (400)")
    parser.add_argument("--workers", type=int, default=2, help="mutants at once (2)")
    parser.add_argument("modules", nargs="*", help="files or folders; all without networks")
    arguments = parser.parse_args()
    chosen = [Path(name) for name in arguments.modules] or [Path()]
    modules = [
        module for module in mutated(ROOT) if any(module.is_relative_to(each) for each in chosen)
    ]
    begin = time.monotonic()
    mutants = draw(ROOT, modules, arguments.seed, arguments.count)
    results: dict[Path, list[tuple[Mutant, bool]]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = trial.copies(ROOT, Path(folder), arguments.workers)
        groups = {tuple(sorted(tests_beside(mutant.module, ROOT))) for mutant in mutants}
        took = trial.baseline(copies[0], sorted(groups))
        print(f"{len(mutants)} mutants, seed {arguments.seed}", flush=True)
        for mutant, killed in trial.run(mutants, copies, took):
            results[mutant.module].append((mutant, killed))
            if not killed:
                print(
                    f"survived: {mutant.module}:{mutant.line} {mutant.operator}\n"
                    f"    {mutant.before}\n    {mutant.after}",
                    flush=True,
                )
    score = report(results)
    print(f"{time.monotonic() - begin:.0f} s")
    return 0 if score >= WANTED else 1


def report(results: dict[Path, list[tuple[Mutant, bool]]]) -> float:
    """Print a line for each module.

    Returns:
        How many of a hundred mutants were killed.
    """
    rows = [(str(module), [killed for _, killed in results[module]]) for module in sorted(results)]
    everything = [killed for _, row in rows for killed in row]
    for name, row in [*rows, ("all", everything)]:
        print(f"{name:50}{sum(row):5} of {len(row):4}{100 * sum(row) / len(row):7.1f} %")
    return 100 * sum(everything) / len(everything)


if __name__ == "__main__":
    sys.exit(main())
