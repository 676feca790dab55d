"""What a smaller processor would do, measured on this one, which must let CPUID fault (most do)."""

import subprocess
from pathlib import Path

PROCESSORS = ("avx2", "avx512", "vnni", "avx-vnni")
HIDDEN = {
    "avx2": ("avx512", "amx", "avx_vnni"),
    "avx512": ("amx", "avx_vnni", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
    "vnni": ("amx", "avx_vnni", "avx512_bf16", "avx512_fp16"),
    "avx-vnni": ("avx512", "amx"),
}  # flags of /proc/cpuinfo that begin like this


def variables(processor: str | None, scratch: Path) -> dict[str, str]:
    """The environment of a program on such a processor; of this one if None.

    Args:
        processor: of :data:`PROCESSORS`.
        scratch: a folder for what is compiled, by the C compiler ``cc``.
    """
    if processor is None:
        return {}
    library, cpuinfo = scratch / "processor.so", scratch / "cpuinfo"
    source = Path(__file__).with_name("processor.c")
    command = ["cc", "-O2", "-shared", "-fPIC", source, "-o", library, "-ldl"]
    subprocess.run(command, check=True)
    cpuinfo.write_text(_without(HIDDEN[processor]), encoding="utf-8")
    return {
        "LD_PRELOAD": str(library),
        "PROCESSOR_LIKE": processor,
        "PROCESSOR_CPUINFO": str(cpuinfo),
    }


def _without(hidden: tuple[str, ...]) -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return "\n".join(
        " ".join(word for word in line.split(" ") if not word.startswith(hidden)) for line in lines
    )
