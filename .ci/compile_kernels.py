"""Compiles the CUDA kernels for every architecture we promise and refuses inexact instructions.

    python3 .ci/compile_kernels.py FOLDER        the kernels of a folder: src/engine/cuda
    python3 .ci/compile_kernels.py --self-test   the alarm itself, on planted kernels

The folder holds exact.cu, which every family begins with, options.txt, one option of NVRTC a line,
and kernels/FAMILY.cu. The text that is compiled is the one that the engine compiles at run time.
Needs the packages nvidia-cuda-nvrtc and nvidia-cuda-nvdisasm on the Python path, no GPU and no
driver. Exit code 1 if a family does not compile or an instruction breaks a rule (kernel_rules.py).
"""

import collections
import pathlib
import sys

sys.dont_write_bytecode = True

from kernel_compiler import Compiler, Disassembler  # noqa: E402
from kernel_listings import findings  # noqa: E402
from kernel_self_test import self_test  # noqa: E402

ARCHITECTURES = ["sm_75", "sm_80", "sm_86", "sm_90a"]
FINDINGS_SHOWN_MAX = 20

# Arithmetic is spelled out: left alone, NVRTC fuses multiplies and adds, and the bits change. The
# listings cannot show that, for the fused instruction is one that a kernel may ask for.
OPTIONS = ["--std=c++17", "--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true"]


def read_options(folder):
    """The options that the engine compiles with; they must be the ones known here."""
    options = (folder / "options.txt").read_text().split()
    if sorted(options) != sorted(OPTIONS):
        sys.exit(f"error: {folder}/options.txt says {options}; exact arithmetic needs {OPTIONS}")
    return options


def sources(folder):
    """The text of each family as the engine compiles it, and that of exact.cu alone."""
    prelude = (folder / "exact.cu").read_text()
    texts = {"exact": prelude}
    for path in sorted((folder / "kernels").glob("*.cu")):
        texts[path.stem] = f'{prelude}\n#line 1 "{path.name}"\n{path.read_text()}'
    return texts


def judge(compiler, disassembler, family, text, options):
    """Compiles one family for each architecture and prints what came out; returns the faults."""
    faults, logs = 0, set()
    for architecture in ARCHITECTURES:
        place = f"{family} for {architecture}"
        compiled = compiler.compile(text, architecture, options)
        if compiled.log not in logs | {""}:
            print(f"{place}:\n{compiled.log}", file=sys.stderr)
        logs.add(compiled.log)
        if not compiled.cubin:
            print(f"{place}: does not compile", flush=True)
            faults += 1
            continue
        listing = disassembler.disassemble(compiled.cubin)
        found = collections.Counter(map(str, findings(compiled.ptx, listing, family)))
        registers, spilled = compiler.resources(text, architecture, options)
        print(
            f"{place}: {len(compiled.cubin)} bytes, {registers} registers, {spilled} bytes spilled,"
            f" {found.total()} refused",
            flush=True,
        )
        for finding, count in list(found.items())[:FINDINGS_SHOWN_MAX]:
            print(f"  {count} times {finding}", file=sys.stderr)
        faults += found.total()
    return faults


def main(arguments):
    """Runs the self-test or judges a folder; returns the exit code."""
    if len(arguments) != 1:
        sys.exit(__doc__)
    compiler, disassembler = Compiler(), Disassembler()
    print(f"NVRTC {compiler.version()}, nvdisasm {disassembler.version()}, {' '.join(OPTIONS)}")
    if arguments == ["--self-test"]:
        return self_test(compiler, disassembler, ARCHITECTURES, OPTIONS)
    folder = pathlib.Path(arguments[0])
    options = read_options(folder)
    faults = 0
    for family, text in sources(folder).items():
        faults += judge(compiler, disassembler, family, text, options)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
