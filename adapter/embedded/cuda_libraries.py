"""The CUDA libraries of the environment's wheels, so that each process has one set of them.

torch brings CUDA's runtime and libraries as wheels; CTranslate2 has the runtime inside and opens
``libcublas.so.12`` by name; Triton's stub, in which both run, is linked with a runtime of its own.
"""

import site
from pathlib import Path

# What the stub asks for, by the name that the wheel of Triton gives to CUDA 12.6's runtime.
STUBS_RUNTIME = "libcudart-09529672.so.12.6.77"
RUNTIME = "libcudart.so.12"


def cuda_libraries() -> list[Path]:
    """The folders of those that are opened by name, if they are installed.

    The runtime is for a stub that asks for it by its own name, as in NVIDIA's images.
    """
    names = ("cublas", "cudnn", "cuda_runtime")
    return [folder for name in names for folder in _installed(name)]


def link_runtime(folder: Path) -> None:
    """Link the environment's CUDA runtime into ``folder`` by the name that the stub asks for.

    A stub that has loaded another one gives that one to torch as well, whose libraries are
    of a later CUDA; all releases of CUDA 12 have one interface. Triton itself, which sees no
    card, finds its own first.
    """
    for installed in _installed("cuda_runtime"):
        folder.mkdir(parents=True, exist_ok=True)
        link = folder / STUBS_RUNTIME
        link.unlink(missing_ok=True)
        link.symlink_to(installed / RUNTIME)
        return


def _installed(name: str) -> list[Path]:
    folders = (Path(packages, "nvidia", name, "lib") for packages in site.getsitepackages())
    return [folder for folder in folders if folder.is_dir()]
