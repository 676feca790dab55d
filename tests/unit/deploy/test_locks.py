"""The locks: pinned, checked, of one resolution, and holding what our modules import."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("adapter", "client", "documents", "pipeline", "model_repository")
# What starts processes of the service, and the models that Triton starts.
STARTS = ("adapter/serve.py", "adapter/app.py", "adapter/embedded/container.py", "client/cli.py")
REQUIREMENT = re.compile(
    r"^([a-z0-9-]+)==([^\s;]+)( ; [^\\\n]+)?( \\\n +--hash=sha256:\w{64})+$", re.M
)
HEAVY = re.compile(
    r"torch.*|triton|nvidia-.*|cuda-.*|pyannote.*|whisperx|speechbrain|scikit-learn|transformers"
    r"|pandas|matplotlib|lightning"
)
TRITONS_OWN = "triton_python_backend_utils"


def lock(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")


def pins(name: str) -> set[tuple[str, str]]:
    return {(match[1], match[2]) for match in REQUIREMENT.finditer(lock(name))}


def names(name: str) -> set[str]:
    return {package for package, _ in pins(name)}


@pytest.mark.parametrize("name", ["cpu", "cpu-traces", "cuda", "dev", "installer"])
def test_every_package_is_pinned_with_hashes(name):
    text = lock(name)
    begun = [line for line in text.splitlines() if not re.match(r" |#", line)]
    assert begun
    assert len(REQUIREMENT.findall(text)) == len(begun)
    assert "://" not in text


def test_a_cpu_needs_neither_torch_nor_cuda():
    assert [package for package in sorted(names("cpu")) if HEAVY.fullmatch(package)] == []


def test_traces_cost_who_asks_for_them():
    more = names("cpu-traces") - names("cpu")
    assert {"opentelemetry-sdk", "opentelemetry-exporter-otlp-proto-http"} <= more
    assert [package for package in sorted(more) if HEAVY.fullmatch(package)] == []
    assert "grpcio" not in more


def test_one_resolution_holds_for_all():
    assert pins("cpu") < pins("cpu-traces") < pins("cuda") < pins("dev")
    assert pins("installer") < pins("dev")


def imported(path: Path, everywhere: bool) -> Iterator[str]:
    """Modules that a file imports: as it is imported itself, or ``everywhere`` in it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(module: str) -> list[Path]:
    """The files of our own that importing a module runs."""
    parts = module.split(".")
    folders = [ROOT.joinpath(*parts[: end + 1]) for end in range(len(parts))]
    candidates = [folder / "__init__.py" for folder in folders] + [folders[-1].with_suffix(".py")]
    return [path for path in candidates if path.is_file()]


def from_the_start() -> set[str]:
    """Modules that the service imports before anybody asks it for something."""
    waiting = [ROOT / path for path in STARTS] + sorted(ROOT.glob("model_repository/*/1/model.py"))
    seen, modules = set(), set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            # A model imports its network when it is loaded.
            found = set(imported(path, everywhere=path.name == "model.py"))
            modules |= found
            waiting += [source for module in found for source in sources(module)]
    assert len(seen) > 60
    return modules


def distributions(modules: set[str]) -> set[str]:
    """The packages of the index that these modules are of."""
    providers = packages_distributions()
    tops = {module.split(".")[0] for module in modules} - {*PACKAGES, TRITONS_OWN, "__future__"}
    found = {provider for top in tops for provider in providers.get(top, [])}
    return {re.sub(r"[-_.]+", "-", name).lower() for name in found}


def test_what_a_cpu_s_service_imports_is_in_its_lock():
    needed = distributions(from_the_start())
    assert {"faster-whisper", "fastapi", "tritonclient", "scipy"} <= needed
    assert needed - names("cpu") == set()


def test_what_any_service_imports_is_in_cuda_s_lock():
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    everything = {module for path in files for module in imported(path, everywhere=True)}
    namespaces = {"pyannote-core", "pyannote-database", "pyannote-metrics", "pyannote-pipeline"}
    needed = distributions(everything) - namespaces
    assert "torch" in needed
    assert needed - names("cuda") == set()
