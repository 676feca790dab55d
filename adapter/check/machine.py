"""The cards, the libraries that each process has opened, and the types that Whisper may use."""

import os
import re
import site
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from adapter.check.lines import Line, failed, left_out, passed
from adapter.check.target import Target
from pipeline import hardware
from pipeline.settings import Settings

# A process that has two of one of these speaks to the card in two ways.
LIBRARIES = re.compile(r"/lib(cudart|cublas|cublasLt|cudnn|cuda|nvidia-ml)\b[^/]*\.so[^/]*$")
PACKAGES = ("ctranslate2", "onnxruntime", "torch", "nvidia-cuda-runtime-cu12", "nvidia-cublas-cu12")
LEAVES = ("whisper", "wav2vec2", "segmentation", "speaker_embedding")
TYPES = "import ctranslate2; print(*sorted(ctranslate2.get_supported_compute_types({device!r})))"


def cards(settings: Settings) -> Iterator[Line]:
    """Each card: its facts, and the verdict."""
    if settings.device == "cpu":
        yield left_out("cards", "DEVICE=cpu goes without")
        return
    found = hardware.survey()
    for card in found.serving:
        yield passed(
            "card",
            f"{card} serves: compute capability {card.capability[0]}.{card.capability[1]}, "
            f"{card.free / hardware.GB:.1f} of {card.gigabytes:.1f} GB free, driver {card.driver}, "
            f"compute mode {card.compute_mode}",
            uuid=card.uuid,
            memory=card.memory,
            free=card.free,
        )
    for name, reason in found.left_out:
        beside = "another one serves" if found.serving else "none serves"
        yield (left_out if found.serving else _no_card)("card", f"{name}: {reason} ({beside})")
    if not found.serving and found.fault:
        yield _no_card("cards", found.fault)
    elif not found.serving and not found.left_out:
        yield left_out("cards", f"{found.why_none}; the CPU serves with {settings.cores} cores")


def _no_card(name: str, why: str) -> Line:
    return failed(name, why, "mend that, or set DEVICE=cpu, which is what serves now")


def libraries(target: Target) -> Iterator[Line]:
    """What each leaf's process has opened of CUDA: one of each kind, and from the environment."""
    processes = target.processes()
    if not processes:
        yield left_out("libraries", "Triton's processes are not to be seen from here")
        return
    faults, opened = [], {}
    for leaf in LEAVES:
        for instance, pid in processes.get(leaf, {}).items():
            kinds = _opened(pid)
            opened[instance] = sorted({name for files in kinds.values() for name in files})
            faults += [
                f"{instance} has {' and '.join(sorted(files))}"
                for files in kinds.values()
                if len(files) > 1
            ]
            faults += [
                f"{instance} has {file}, which is not of this environment"
                for kind in ("cudart", "cublas", "cudnn")
                for file in kinds.get(kind, ())
                if target.device == "cuda" and not _is_of_the_environment(file)
            ]
    versions = {name: found for name in PACKAGES if (found := _version(name))}
    told = ", ".join(f"{name} {found}" for name, found in versions.items())
    if faults:
        yield failed(
            "libraries",
            "; ".join(faults),
            "take other CUDA libraries out of LD_LIBRARY_PATH and LD_PRELOAD, and start it again",
            opened=opened,
            versions=versions,
        )
        return
    names = sorted({Path(file).name for files in opened.values() for file in files})
    what = f"{', '.join(names)}, none twice in a process" if names else "none of CUDA's"
    yield passed("libraries", f"{what}; {told}", opened=opened, versions=versions)


def _opened(pid: int) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = defaultdict(set)
    try:
        lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    for line in lines:
        file = line.partition("/")
        path = f"/{file[2]}" if file[1] else ""
        if match := LIBRARIES.search(path):
            kinds[match[1]].add(os.path.realpath(path))
    return kinds


def _is_of_the_environment(file: str) -> bool:
    folders = [os.path.realpath(folder) for folder in site.getsitepackages()]
    return any(file.startswith(folder) for folder in folders)


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def compute_types(target: Target) -> Iterator[Line]:
    """What CTranslate2 says of each device, beside what the start believes."""
    settings = target.settings
    on_cards = settings.cards_of("whisper")
    believed = hardware.supported_types(on_cards)
    for card in on_cards or (None,):
        device = "cuda" if card else "cpu"
        visible = {"CUDA_VISIBLE_DEVICES": card.uuid if card else ""}
        asked = subprocess.run(
            [sys.executable, "-c", TYPES.format(device=device)],
            env={**os.environ, **visible},
            capture_output=True,
            encoding="utf-8",
        )
        where = str(card or "the CPU")
        if asked.returncode:
            yield failed(
                "compute types",
                f"CTranslate2 cannot say what {where} has: {asked.stderr.strip()[-300:]}",
                "the driver or CUDA's libraries do not go together; see docs/gpu.md",
            )
            continue
        types = set(asked.stdout.split())
        used = settings.whisper_compute_type
        if used not in types:
            yield failed(
                "compute types",
                f"{where} has {', '.join(sorted(types))}, and Whisper is to compute in {used}",
                "set COMPUTE_TYPE to one of them",
                types=sorted(types),
            )
        else:
            unexpected = "" if types >= believed else f" (without {', '.join(believed - types)})"
            yield passed(
                "compute types",
                f"{where} has {', '.join(sorted(types))}{unexpected}; Whisper computes in {used}",
                types=sorted(types),
            )
