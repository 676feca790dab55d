"""Which modules are mutated, and the tests that should notice."""

from pathlib import Path

PACKAGES = ("pipeline", "adapter", "client")
TESTS = Path("tests/unit")

# What a second without a network, a server or a program of others cannot try.
LEFT_OUT = {
    "holds a network": (
        "pipeline/alignment/networks.py",
        "pipeline/alignment/together.py",
        "pipeline/diarization/networks/*.py",
        "pipeline/diarization/networks/pyannet/*.py",
        "pipeline/diarization/diarize.py",
        "pipeline/diarization/local.py",
        "pipeline/diarization/vbx.py",
        "pipeline/hardware/enumeration.py",
        "pipeline/hardware/process.py",
        "pipeline/reference.py",
        "pipeline/transcription/recognition.py",
        "pipeline/transcription/whisper_models.py",
    ),
    "needs Triton": (
        "adapter/check/__main__.py",
        "adapter/check/asking.py",
        "adapter/check/[np]*.py",
        "adapter/check/load.py",
        "adapter/check/reference.py",
        "adapter/check/target.py",
        "adapter/embedded/*.py",
        "adapter/routes/*.py",
        "adapter/serve.py",
        "adapter/triton/engine.py",
        "adapter/triton/*_liveness.py",
        "adapter/triton/processes.py",
        "adapter/triton/recovery.py",
        "adapter/triton/signals.py",
        "adapter/telemetry/progress.py",
        "client/triton/*.py",
        "pipeline/serving/failures.py",
        "pipeline/serving/*leaf.py",
        "pipeline/serving/metrics/loaded_networks.py",
        "pipeline/serving/sibling_steps.py",
        "pipeline/serving/signals.py",
        "pipeline/serving/*step.py",
        "pipeline/serving/tensors.py",
    ),
    "asks a service": (
        "client/batch/work.py",
        "client/batch/watching.py",
        "client/commands/[bcjlp]*.py",
        "client/commands/service.py",
        "client/commands/transcribe.py",
    ),
    "runs FFmpeg": (
        "adapter/intake/decoders.py",
        "adapter/intake/decoding.py",
        "adapter/intake/recording.py",
    ),
    "fetches": ("adapter/embedded/sample.py", "pipeline/download.py", "pipeline/weights/*.py"),
    "keeps a database": (
        "adapter/jobs/[!o]*.py",
        "adapter/jobs/migrations/*.py",
        "adapter/jobs/migrations/versions/*.py",
    ),
    "runs a process of its own": (
        "pipeline/children.py",
        "pipeline/transcription/foreign_weights.py",
        "pipeline/transcription/trial.py",
    ),
    "words for people": (
        "adapter/key_documentation.py",
        "adapter/*/documentation.py",
    ),
}
# The same inside of modules that are mutated.
PARTS_LEFT_OUT = {
    Path("adapter/triton/shared_memory.py"): ("AudioRegions",),
    Path("adapter/triton/streaming.py"): ("ask_in_parts",),
    Path("pipeline/diarization/recipe.py"): ("community", "read_recipe"),
    Path("pipeline/serving/batches/faults.py"): ("_break_device", "_check"),  # on a card
}

# Tests beside these modules that load a network or start a program: too long for each mutant.
SLOW_TESTS = (
    "adapter/intake/test_decoder_limits.py",
    "adapter/intake/test_decoding.py",
    "adapter/test_any_request.py",
    "adapter/test_serve_refusals.py",
    "client/test_types.py",
    "pipeline/diarization/test_community.py",
    "pipeline/diarization/test_diarize.py",
    "pipeline/diarization/test_light.py",
    "pipeline/diarization/networks/test_networks.py",
    "pipeline/test_threads.py",
    "pipeline/transcription/test_foreign_weights.py",
    "pipeline/transcription/test_language_detection.py",
    "pipeline/transcription/test_recognition.py",
)


def mutated(root: Path) -> list[Path]:
    """The modules without networks, relative to the repository's root.

    Raises:
        ValueError: a module that is left out by name is no longer there.
    """
    left_out = set()
    for pattern in (pattern for patterns in LEFT_OUT.values() for pattern in patterns):
        found = set(root.glob(pattern))
        if not found:
            raise ValueError(f"tests/mutants/modules.py: there is no {pattern}")
        left_out |= found
    everything = {path for package in PACKAGES for path in (root / package).rglob("*.py")}
    return sorted(path.relative_to(root) for path in everything - left_out)


def tests_beside(module: Path, root: Path) -> tuple[Path, ...]:
    """The tests of the module's folder, or of the one above; first those with its name."""
    folder = TESTS / module.parent
    while not (found := list((root / folder).glob("test_*.py"))):
        folder = folder.parent
    slow = {root / TESTS / name for name in SLOW_TESTS}
    tests = [path.relative_to(root) for path in found if path not in slow]
    return tuple(sorted(tests, key=lambda path: (path.stem != f"test_{module.stem}", path)))
