"""A terminal that speaks the kitty keyboard protocol: runs a program, answers it, types at it.

Usage: kitty.py KEYS PROGRAM ARGUMENT...   Writes everything that the program drew to stdout.
KEYS are steps between commas: a wait in seconds, or key numbers of the protocol joined by spaces,
`119:1` for w pressed, `119:3` for w released, `D:1` for the left arrow, `O` for focus lost; `s3`
is a terminal that takes nothing for three seconds; `r100` one that takes 100 kB a second from then on.
COLUMNS and LINES give its size.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time


def sequence(key):
    if key == "O":
        return b"\x1b[O"
    name, kind = key.split(":")
    if name.isdigit():
        return f"\x1b[{name};1:{kind}u".encode()
    return f"\x1b[1;1:{kind}{name}".encode()


def listen(terminal, seconds, bytes_per_second):
    """Reads for a while, answers what is asked; false where the program went away."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not select.select([terminal], [], [], 0.02)[0]:
            continue
        try:
            drawn = os.read(terminal, 1 << 12 if bytes_per_second else 1 << 16)
        except OSError:
            return False
        os.write(1, drawn)
        if bytes_per_second:
            time.sleep(len(drawn) / bytes_per_second)
        if b"\x1b[?u" in drawn:
            os.write(terminal, b"\x1b[?0u")
        if b"\x1b[c" in drawn:
            os.write(terminal, b"\x1b[?62c")
    return True


def main(keys, *program):
    size = int(os.environ.pop("LINES", 24)), int(os.environ.pop("COLUMNS", 80))
    rate = 0
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        os.environ["TERM"] = "xterm-kitty"
        os.execv(program[0], program)
    for step in keys.split(","):
        if step.replace(".", "").isdigit():
            listen(terminal, float(step), rate)
        elif step[0] == "r":
            rate = 1000 * int(step[1:])
        elif step[0] == "s":
            time.sleep(float(step[1:]))
        else:
            os.write(terminal, b"".join(sequence(key) for key in step.split()))
    while listen(terminal, 1.0, 0):
        pass
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


sys.exit(main(*sys.argv[1:]))
