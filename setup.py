"""Build the compiled core: conncore/*.pyx once, conncore/kernels/*.pyx once per instruction set.

CONNCORE_DEBUG=1 builds with Cython's bounds checks and the address sanitizer (see CONTRIBUTING.md).
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup

ROOT = Path(__file__).parent
DEBUG = os.environ.get("CONNCORE_DEBUG", "") not in ("", "0")
BUILD = Path("build/debug" if DEBUG else "build/release")

# Kernels are compiled for each of these; conncore._kernels picks one at run time.
INSTRUCTION_SETS: dict[str, list[str]] = {"baseline": []}
if platform.machine().lower() in ("x86_64", "amd64"):
    INSTRUCTION_SETS["avx2"] = ["-mavx2", "-mfma"]
    INSTRUCTION_SETS["avx512"] = [
        "-mavx512f",
        "-mavx512dq",
        "-mavx512vl",
        "-mfma",
        "-mprefer-vector-width=512",
    ]
if os.environ.get("CONNCORE_NATIVE"):  # for this machine alone: what `conncore bench` compares
    INSTRUCTION_SETS = {"native": ["-march=native"]}


def accepts(flags: list[str], program: str = "int main(void) { return 0; }") -> bool:
    """Whether the C compiler builds and links `program` with `flags`."""
    compiler = os.environ.get("CC", "cc").split()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(program)
        command = [*compiler, "-Werror", *flags, str(source), "-o", str(Path(folder, "probe"))]
        try:
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        except OSError:
            return False


def supported(flags: list[str]) -> list[str]:
    """The flags that the compiler knows."""
    return [flag for flag in flags if accepts([flag])]


OPENMP_PROBE = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }"
OPENMP = ["-fopenmp"] if accepts(["-fopenmp"], OPENMP_PROBE) else []
if not OPENMP:
    print("conncore: no OpenMP, building a serial core", file=sys.stderr)

# No -ffast-math (it changes the floating point mode of the whole process) and no contraction: all
# instruction sets round alike. Without traps and errno, which nobody reads, a choice between two
# values becomes SIMD. The last flag keeps gcc from unrolling a loop over lanes before that.
ROUNDING = ["-ffp-contract=off", "-fno-trapping-math", "-fno-math-errno"]
COMPILE = ["-O3", *supported([*ROUNDING, "--param=max-completely-peel-times=7"])]
LINK: list[str] = []
# Loops of known length, over the links of a chain or over the vectors of a row: unrolled, they
# stay in registers.
KERNEL_FLAGS = {
    "swimmer": supported(
        ["--param=max-completely-peel-times=16", "--param=max-completely-peeled-insns=2000"]
    ),
    "products": supported(["--param=max-completely-peel-times=10"]),
}
if DEBUG:
    COMPILE = ["-O1", "-g", *ROUNDING, "-fsanitize=address", "-fno-omit-frame-pointer"]
    LINK = ["-fsanitize=address"]


# NumPy's distributions, linked in: what the core needs of NumPy is there when it is built.
NUMPY = Path(np.get_include())
NUMPY_RANDOM = {
    "libraries": ["npyrandom"],
    "library_dirs": [str(NUMPY.parent.parent / "random" / "lib")],
}


def extension(name: str, source: Path, flags: list[str]) -> Extension:
    return Extension(
        name,
        [str(source)],
        include_dirs=["conncore", str(NUMPY)],
        depends=[str(header) for header in Path("conncore").glob("*.h")],
        extra_compile_args=[*COMPILE, *flags],
        extra_link_args=[*LINK, *(flag for flag in flags if flag == "-fopenmp")],
        **(NUMPY_RANDOM if source.stem == "_noise" else {}),
    )


def extensions() -> list[Extension]:
    os.chdir(ROOT)
    found = [
        extension(f"conncore.{source.stem}", source, OPENMP)
        for source in sorted(Path("conncore").glob("*.pyx"))
    ]
    for source in sorted(Path("conncore/kernels").glob("*.pyx")):
        for isa, flags in INSTRUCTION_SETS.items():
            if flags and not accepts(flags):
                continue
            # One module name needs one source file: a copy named after the instruction set.
            copy = BUILD / "cython" / "kernels" / f"{source.stem}_{isa}.pyx"
            copy.parent.mkdir(parents=True, exist_ok=True)
            if not copy.exists() or copy.read_text() != source.read_text():
                copy.write_text(source.read_text())
            own = [] if DEBUG else KERNEL_FLAGS.get(source.stem, [])
            found.append(extension(f"conncore._kernels.{copy.stem}", copy, [*flags, *own]))
    return found


# python/conncore/data and bench are links, so that an editable install is a plain path entry:
# with a finder, `import conncore` from this folder would find conncore/, the Cython sources.
setup(
    package_dir={"": "python"},
    packages=[
        "conncore.data",
        "conncore.bench",
        *(
            str(folder.parent.relative_to("python")).replace(os.sep, ".")
            for folder in sorted(Path("python/conncore").rglob("__init__.py"))
        ),
    ],
    package_data={
        "": ["py.typed", "*.pyi"],
        "conncore.data": ["*.csv", "*.json.gz", "*.toml", "*.md", "NOTICE"],
    },
    options={"build": {"build_base": str(BUILD)}},
    ext_modules=cythonize(
        extensions(),
        build_dir=str(BUILD / "cython"),
        include_path=["."],
        nthreads=os.cpu_count() or 1,
        compiler_directives={
            "language_level": "3",
            "boundscheck": DEBUG,
            "wraparound": False,
            "initializedcheck": DEBUG,
            "cdivision": True,
            "embedsignature": True,
        },
    ),
)
