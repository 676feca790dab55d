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
from tests.mutants.trial import Outcome

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
    results: dict[Path, list[Outcome]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = trial.copies(ROOT, Path(folder), arguments.workers)
        groups = {tuple(sorted(tests_beside(mutant.module, ROOT))) for mutant in mutants}
        took = trial.baseline(copies[0], sorted(groups))
        print(f"{len(mutants)} mutants, seed {arguments.seed}", flush=True)
        for mutant, outcome in trial.run(mutants, copies, took):
            results[mutant.module].append(outcome)
            if outcome is not Outcome.KILLED:
                tell(mutant, outcome)
        trial.baseline(copies[0], sorted(groups))  # or what was killed was the machine
    score = report(results)
    print(f"{time.monotonic() - begin:.0f} s")
    return 0 if score >= WANTED else 1


def tell(mutant: Mutant, outcome: Outcome) -> None:
    """Print a mutant that is worth a look."""
    print(f"{outcome.value}: {mutant.module}:{mutant.line} {mutant.operator}")
    print(f"    {mutant.before}\n    {mutant.after}", flush=True)


def report(results: dict[Path, list[Outcome]]) -> float:
    """Print a line for each module.

    Returns:
        How many of a hundred mutants were noticed.
    """
    everything = [outcome for outcomes in results.values() for outcome in outcomes]
    rows = [(str(module), results[module]) for module in sorted(results)]
    for name, outcomes in [*rows, ("all", everything)]:
        noticed = len(outcomes) - outcomes.count(Outcome.SURVIVED)
        score = 100 * noticed / len(outcomes)
        hung = f", {number} hung" if (number := outcomes.count(Outcome.HUNG)) else ""
        print(f"{name:50}{noticed:5} of {len(outcomes):4}{score:7.1f} %{hung}")
    return score


if __name__ == "__main__":
    sys.exit(main())
