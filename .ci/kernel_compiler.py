"""NVRTC and the disassembler nvdisasm, found on the Python path; neither needs a GPU or a driver.

They come from the packages nvidia-cuda-nvrtc and nvidia-cuda-nvdisasm.
"""

import ctypes
import dataclasses
import pathlib
import re
import subprocess
import sys
import tempfile

DISASSEMBLY_SECONDS_MAX = 120


@dataclasses.dataclass
class Compiled:
    """What one compilation gave; the two codes are empty where it failed."""

    ptx: str
    cubin: bytes
    log: str


def on_python_path(pattern):
    """The first file on the Python path that matches a pattern, or nothing."""
    found = (sorted(pathlib.Path(folder).glob(pattern)) for folder in sys.path)
    return next((paths[0] for paths in found if paths), None)


def load_nvrtc():
    """Opens libnvrtc, its builtins before it: it asks for them by name."""
    library = on_python_path("nvidia/**/libnvrtc.so.*")
    if library is None:
        sys.exit("error: libnvrtc not found; install the package nvidia-cuda-nvrtc")
    for builtins in sorted(library.parent.glob("libnvrtc-builtins.so.*")):
        ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
    return ctypes.CDLL(str(library))


class Compiler:
    """The calls of NVRTC that a compilation takes."""

    def __init__(self):
        self.nvrtc = load_nvrtc()
        self.nvrtc.nvrtcGetErrorString.restype = ctypes.c_char_p

    def check(self, status):
        """Raises what NVRTC says about a status other than success."""
        if status != 0:
            raise RuntimeError(self.nvrtc.nvrtcGetErrorString(status).decode())

    def version(self):
        """NVRTC's own version, as text."""
        major, minor = ctypes.c_int(), ctypes.c_int()
        self.check(self.nvrtc.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)))
        return f"{major.value}.{minor.value}"

    def read(self, program, what):
        """The bytes of one of a program's results: PTX, CUBIN or ProgramLog."""
        size = ctypes.c_size_t()
        self.check(getattr(self.nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size)))
        content = ctypes.create_string_buffer(size.value)
        self.check(getattr(self.nvrtc, f"nvrtcGet{what}")(program, content))
        return content.raw

    def compile(self, source, architecture, options):
        """Compiles text for one real architecture, to machine code and the PTX it came from."""
        program = ctypes.c_void_p()
        self.check(
            self.nvrtc.nvrtcCreateProgram(
                ctypes.byref(program), source.encode(), b"exact.cu", 0, None, None
            )
        )
        options = [f"--gpu-architecture={architecture}", *options]
        values = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        status = self.nvrtc.nvrtcCompileProgram(program, len(options), values)
        log = self.read(program, "ProgramLog").rstrip(b"\0").decode(errors="replace").strip()
        compiled = Compiled("", b"", log)
        if status == 0:
            compiled.ptx = self.read(program, "PTX").rstrip(b"\0").decode()
            compiled.cubin = self.read(program, "CUBIN")
        self.nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
        return compiled

    def resources(self, source, architecture, options):
        """The most registers a thread of any kernel takes, and the bytes that all kernels spill."""
        log = self.compile(source, architecture, [*options, "--ptxas-options=-v"]).log
        registers = [int(number) for number in re.findall(r"Used (\d+) registers", log)]
        spills = [int(number) for number in re.findall(r"(\d+) bytes spill (?:stores|loads)", log)]
        return max(registers, default=0), sum(spills)


class Disassembler:
    """Machine code as text."""

    def __init__(self):
        self.program = on_python_path("nvidia/**/bin/nvdisasm")
        if self.program is None:
            sys.exit("error: nvdisasm not found; install the package nvidia-cuda-nvdisasm")

    def version(self):
        """The disassembler's own version, as text."""
        return re.search(r"V(\d[\d.]*)", self.run("--version")).group(1)

    def run(self, *arguments):
        """What nvdisasm prints; raises what it says when it fails."""
        command = [str(self.program), *arguments]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=DISASSEMBLY_SECONDS_MAX
        )
        if ended.returncode != 0:
            raise RuntimeError(f"nvdisasm: {ended.stderr.strip() or ended.stdout.strip()}")
        return ended.stdout

    def disassemble(self, cubin):
        """The instructions of a cubin, section by section."""
        with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
            file.write(cubin)
            file.flush()
            return self.run("--print-code", file.name)
