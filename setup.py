"""Build the compiled core: conncore/*.pyx once, conncore/kernels/*.pyx once per instruction set.

CONNCORE_DEBUG=1 builds with Cython's bounds checks and gcc's sanitizers (see CONTRIBUTING.md).
"""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).parent
DEBUG = os.environ.get("CONNCORE_DEBUG", "") not in ("", "0")
BUILD = Path("build/debug" if DEBUG else "build/release")
WINDOWS = sys.platform == "win32"
# One build for Python 3.11 and later: with its stable ABI, which free-threaded Python lacks.
ABI3 = not sysconfig.get_config_var("Py_GIL_DISABLED")
# The compiler that setuptools calls. On Windows it would call cl, which has no vectors.
COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
if WINDOWS:
    COMPILER = ["clang-cl"]


def native(flags: list[str]) -> list[str]:
    """The same flags as clang-cl reads them on Windows."""
    return [f"/clang:{flag}" for flag in flags] if WINDOWS else flags


def accepts(flags: list[str], program: str = "int main(void) { return 0; }") -> bool:
    """Whether the C compiler builds and links `program` with `flags`, without a warning."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "probe.c").write_text(program)
        output = "/Feprobe.exe" if WINDOWS else "-oprobe"
        command = [*COMPILER, *native(["-Werror", *flags]), "probe.c", output]
        try:
            return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0
        except OSError:
            return False


def supported(flags: list[str]) -> list[str]:
    """The flags that the compiler knows."""
    return [flag for flag in flags if accepts([flag])]


VECTORS_PROBE = """
typedef double vec __attribute__((vector_size(16)));
int main(int n, char **names) { return (int)((vec){0.0} + n)[0] + (int)((__int128)n >> 64); }
"""
if not accepts([], VECTORS_PROBE):
    raise SystemExit(
        f"conncore: C compiler `{shlex.join(COMPILER)}` is missing or has no vector extensions: "
        "install gcc or clang (on Windows: LLVM, with clang-cl in PATH) and try again"
    )

# Kernels are compiled for each of these; conncore._kernels picks one at run time.
INSTRUCTION_SETS: dict[str, list[str]] = {"baseline": []}
if platform.machine().lower() in ("x86_64", "amd64") and not WINDOWS:  # _cpu asks gcc's library
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


OPENMP_PROBE = "#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }"
# Clang's OpenMP for Windows is a DLL that Python would not find: the core is serial there.
OPENMP = ["-fopenmp"] if not WINDOWS and accepts(["-fopenmp"], OPENMP_PROBE) else []
if not OPENMP:
    print("conncore: no OpenMP, building a serial core", file=sys.stderr)

# No -ffast-math (it changes the floating point mode of the whole process) and no contraction: all
# instruction sets round alike. Without traps and errno, which nobody reads, a choice between two
# values becomes SIMD. The last flag keeps gcc from unrolling a loop over lanes before that.
ROUNDING = ["-ffp-contract=off", "-fno-trapping-math", "-fno-math-errno"]
# A wheel without tables for unwinding, which C does not need, is a tenth smaller.
SMALL = ["-fno-asynchronous-unwind-tables", "-fno-plt"]
COMPILE = ["-O3", "-g0", *supported([*ROUNDING, *SMALL, "--param=max-completely-peel-times=7"])]
# Without debug information and the names of functions, which are three quarters of a wheel.
LINK = [] if WINDOWS else supported(["-Wl,--strip-all"])
# Loops of known length, over the links of a body or over the vectors of a row: unrolled, they
# stay in registers.
UNROLL_LINKS = supported(
    ["--param=max-completely-peel-times=16", "--param=max-completely-peeled-insns=2000"]
)
KERNEL_FLAGS = {
    "planar": UNROLL_LINKS,
    "swimmer": UNROLL_LINKS,
    "products": supported(["--param=max-completely-peel-times=10"]),
}
# These own arrays and call kernels. They have no loop that takes time, and are smaller this way.
OWNERS = ("_cpu", "_episodes", "_parallel", "_planar", "_population", "_swimmers")
if DEBUG:
    SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
    COMPILE = ["-O1", "-g", *supported(ROUNDING), *SANITIZE, "-fno-omit-frame-pointer"]
    LINK = SANITIZE


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
        depends=["setup.py", *(str(header) for header in Path("conncore").glob("*.h"))],
        extra_compile_args=native([*COMPILE, *flags]),
        define_macros=[("Py_LIMITED_API", "0x030B0000")] if ABI3 else [],
        py_limited_api=ABI3,
        extra_link_args=[*LINK, *(flag for flag in flags if flag == "-fopenmp")],
        **(NUMPY_RANDOM if source.stem == "_noise" else {}),
    )


def extensions() -> list[Extension]:
    found = []
    for source in sorted(Path("conncore").glob("*.pyx")):
        small = ["-O2"] if source.stem in OWNERS and not DEBUG else []
        found.append(extension(f"conncore.{source.stem}", source, [*OPENMP, *small]))
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


class BuildExtensions(build_ext):
    """On Windows, clang-cl in the place of cl."""

    def build_extensions(self) -> None:
        if self.compiler.compiler_type == "msvc":
            self.compiler.initialize()
            self.compiler.cc = COMPILER[0]
        super().build_extensions()


# These packages stand outside python/. An editable install must be a plain path entry, and finds
# them by links: a finder would come too late, after `import conncore` from this folder had found
# the Cython sources.
OUTSIDE = {
    "conncore.data": "data",
    "conncore.bench": "bench",
    "conncore.bench.subjects": "bench/subjects",
}
EDITABLE = "editable_wheel" in sys.argv


def remove_builds_for_one_version() -> None:
    """Delete extension modules of an earlier build that Python would import before the new ones."""
    for suffix in set(EXTENSION_SUFFIXES) - {".abi3.so", ".so", ".pyd"}:
        for path in Path("python").rglob(f"*{suffix}"):
            path.unlink()


def check_links() -> None:
    """Make the links where none stand (an unpacked sdist); refuse what git wrote in their place."""
    for name in ("data", "bench"):
        link = Path("python/conncore", name)
        if not os.path.lexists(link):
            link.symlink_to(Path("../..", name), target_is_directory=True)
        if not link.is_dir():
            raise SystemExit(
                f"conncore: {link} is a file, but an editable install needs a link to {name}/: "
                "clone with `git clone -c core.symlinks=true`, or install without -e"
            )


os.chdir(ROOT)
if EDITABLE:
    check_links()
    remove_builds_for_one_version()
setup(
    package_dir={"": "python", **({} if EDITABLE else OUTSIDE)},
    packages=[
        *OUTSIDE,
        *(
            str(folder.parent.relative_to("python")).replace(os.sep, ".")
            for folder in sorted(Path("python/conncore").rglob("__init__.py"))
        ),
    ],
    package_data={
        "": ["py.typed", "*.pyi"],
        "conncore.page": ["*.css", "*.html", "*.js"],
        "conncore.data": ["*.csv", "*.json.gz", "*.toml", "*.md", "NOTICE"],
    },
    exclude_package_data={"conncore.bench": ["*.md"]},
    options={
        "build": {"build_base": str(BUILD)},
        "bdist_wheel": {"py_limited_api": "cp311"} if ABI3 else {},
    },
    cmdclass={"build_ext": BuildExtensions},
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
