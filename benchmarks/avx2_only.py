"""Runs a benchmark as on a processor with AVX2 that has neither AVX-512 nor VNNI.

    python -m benchmarks.avx2_only benchmarks.faces.against_deepface --rounds 5

Libraries choose their kernels by what CPUID answers. Linux traps that instruction for a process
that asks for it (``arch_prctl``, where the processor's flags have ``cpuid_fault``), and a library
preloaded into every process answers it without the wider instructions. Clock and caches stay those
of this processor, so an older one is slower; what is compared side by side runs on the same one.
Needs x86-64, Linux and a C compiler (``cc``).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rates import processor_flags

HIDDEN = ("avx512f", "avx512_vnni", "avx_vnni")
"""Flags of /proc/cpuinfo, which goes on listing them."""
SEEN = """
from numpy._core._multiarray_umath import __cpu_features__ as found
print(*(name for name, has in found.items() if has))
"""


def environment(folder: Path) -> dict[str, str]:
    """What a process gets to see no wider instructions; the library is made in ``folder``.

    Raises OSError, with a sentence, where that cannot be had.
    """
    if "cpuid_fault" not in processor_flags():
        raise OSError("This processor cannot trap CPUID (no flag cpuid_fault).")
    compiler = shutil.which("cc")
    if compiler is None:
        raise OSError("There is no C compiler (cc).")
    library = folder / "avx2_only.so"
    source = Path(__file__).with_suffix(".c")
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, source], check=True)
    hidden = {"LD_PRELOAD": str(library), "HIDDEN_INSTRUCTIONS": " ".join(HIDDEN)}
    python = [sys.executable, "-c", SEEN]
    seen = subprocess.check_output(python, env=os.environ | hidden, text=True).split()
    if "AVX2" not in seen or any(name.startswith("AVX512") for name in seen):
        raise OSError(f"NumPy sees other instructions: {' '.join(seen)}")
    return hidden


def main() -> int:
    """Run the module that the arguments name; ends with its exit code, or 2 with a sentence."""
    if not sys.argv[1:] or sys.argv[1].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        try:
            hidden = environment(Path(folder))
        except OSError as cannot:
            print(cannot, file=sys.stderr)
            return 2
        command = [sys.executable, "-m", *sys.argv[1:]]
        return subprocess.run(command, env=os.environ | hidden, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
