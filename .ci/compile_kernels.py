"""Compiles CUDA files with NVRTC for every architecture we promise; needs no GPU and no driver.

    python3 .ci/compile_kernels.py FILE.cu...

The library comes from the package nvidia-cuda-nvrtc, found on the Python path. One line a file:
the bytes of machine code per architecture. Exit code 1 if any file does not compile.
"""

import ctypes
import pathlib
import sys

ARCHITECTURES = ["sm_75", "sm_80", "sm_86", "sm_90a"]

# Arithmetic is spelled out: left alone, NVRTC fuses multiplies and adds, and the bits change.
OPTIONS = [
    "--std=c++17",
    "--fmad=false",
    "--ftz=false",
    "--prec-div=true",
    "--prec-sqrt=true",
    "--include-path=src/engine/cuda",
]


def load_nvrtc():
    """Opens the first libnvrtc on the Python path, its builtins before it: it asks for them by name."""
    for folder in sys.path:
        for library in sorted(pathlib.Path(folder).glob("nvidia/**/libnvrtc.so.*")):
            for builtins in sorted(library.parent.glob("libnvrtc-builtins.so.*")):
                ctypes.CDLL(str(builtins), mode=ctypes.RTLD_GLOBAL)
            return ctypes.CDLL(str(library))
    sys.exit("error: libnvrtc not found; install the package nvidia-cuda-nvrtc")


class Compiler:
    """The four calls of NVRTC that a compilation takes."""

    def __init__(self, nvrtc):
        self.nvrtc = nvrtc
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

    def log(self, program):
        """What the compiler said: errors and warnings."""
        size = ctypes.c_size_t()
        self.check(self.nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size)))
        text = ctypes.create_string_buffer(size.value)
        self.check(self.nvrtc.nvrtcGetProgramLog(program, text))
        return text.value.decode(errors="replace").strip()

    def compile(self, path, architecture):
        """Returns the bytes of machine code and the log; no bytes when it does not compile."""
        source = pathlib.Path(path).read_bytes()
        program = ctypes.c_void_p()
        self.check(
            self.nvrtc.nvrtcCreateProgram(
                ctypes.byref(program), source, str(path).encode(), 0, None, None
            )
        )
        options = [f"--gpu-architecture={architecture}", *OPTIONS]
        values = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
        status = self.nvrtc.nvrtcCompileProgram(program, len(options), values)
        size = ctypes.c_size_t()
        if status == 0:
            self.check(self.nvrtc.nvrtcGetCUBINSize(program, ctypes.byref(size)))
        log = self.log(program)
        self.nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
        return size.value, log


def main(paths):
    """Compiles each file for each architecture; returns the exit code."""
    compiler = Compiler(load_nvrtc())
    print(f"NVRTC {compiler.version()}, {' '.join(OPTIONS)}")
    failed = 0
    for path in paths:
        sizes = []
        for architecture in ARCHITECTURES:
            size, log = compiler.compile(path, architecture)
            failed += size == 0
            sizes.append(f"{architecture} {size or 'FAILED'}")
            if log:
                print(f"{path} for {architecture}:\n{log}", file=sys.stderr)
        print(f"{path}: {', '.join(sizes)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
