#!/usr/bin/env python3
"""How long a seek takes in `worldtape view`, from the key to the frame on the screen.

    view_seeks.py PROGRAM TAPE [SEEKS] [OPTION...]

Runs the program in a terminal of 120 by 50 of its own, presses keys and reads what is drawn. Each
phase is a line of JSON with its samples in ms: `way` (End at once: every frame is made on the way),
`filling` (jumps among frames that were made while the others still are), then, all made, `jumps`,
`steps_back` and `steps_on`. Options go to the program.
"""

import fcntl
import json
import os
import pty
import random
import re
import select
import struct
import sys
import termios
import time

COLUMNS, ROWS = 120, 50
SEQUENCE = re.compile(r"\x1b\[([0-9;?<>]*)([A-Za-z])|\x1b.")
PLACE = re.compile(r"x  frame (\d+) of (\d+)")
MADE = re.compile(r"(\d+) (?:of \d+ replayed|frames replay the same)")


class Screen:
    """The program and the cells that it drew."""

    def __init__(self, command):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LC_ALL="C.UTF-8")
            os.execv(command[0], command)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
        self.cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self.row = self.column = 0
        self.rest = b""

    def read(self, seconds):
        """Takes what is drawn in that time at most; false once the program ended."""
        if not select.select([self.terminal], [], [], seconds)[0]:
            return True
        try:
            self.rest += os.read(self.terminal, 1 << 20)
        except OSError:
            return False
        # What stands behind the last whole drawing waits for its end.
        whole, mark, self.rest = self.rest.rpartition(b"\x1b[?2026l")
        self.draw((whole + mark).decode(errors="replace"))
        return True

    def draw(self, text):
        at = 0
        while at < len(text):
            found = SEQUENCE.match(text, at)
            if found:
                at = found.end()
                if found[2] == "H":
                    row, column = (int(number or 1) for number in (found[1] or "1;1").split(";"))
                    self.row, self.column = row - 1, column - 1
                elif found[2] == "J":
                    self.cells = [[" "] * COLUMNS for _ in range(ROWS)]
                continue
            if self.row < ROWS and self.column < COLUMNS and text[at] >= " ":
                self.cells[self.row][self.column] = text[at]
                self.column += 1
            at += 1

    def find(self, pattern):
        """The numbers in the first row that has the pattern."""
        rows = ("".join(row) for row in reversed(self.cells))
        found = next(filter(None, map(pattern.search, rows)), None)
        return [int(number) for number in found.groups()] if found else None

    def press(self, keys):
        os.write(self.terminal, keys)

    def wait(self, is_there):
        while not is_there():
            if not self.read(1.0):
                sys.exit("the program ended: " + "\n".join(map("".join, self.cells)))


def seek(screen, keys, frame):
    """Milliseconds from these keys until `frame` is on the screen."""
    started = time.perf_counter()
    screen.press(keys)
    screen.wait(lambda: (screen.find(PLACE) or [None])[0] == frame)
    return (time.perf_counter() - started) * 1000


def jump(screen, frame):
    screen.press(str(frame).encode())
    screen.read(0.05)
    screen.read(0.05)
    return seek(screen, b"\r", frame)


def tell(phase, samples):
    ordered = sorted(samples)
    rank = lambda part: round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 2)
    line = {"phase": phase, "seeks": len(samples), "p50_ms": rank(0.5), "p99_ms": rank(0.99)}
    print(json.dumps(line | {"samples_ms": [round(ms, 2) for ms in samples]}), flush=True)


def main():
    program, tape = sys.argv[1:3]
    seeks = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    draw = random.Random(7)

    def opened():
        screen = Screen([program, "view", tape, *sys.argv[4:]])
        screen.wait(lambda: screen.find(PLACE))
        return screen, screen.find(PLACE)[1]

    screen, frames = opened()
    tell("way", [seek(screen, b"\x1b[F", frames - 1)])
    screen.press(b"q")
    while screen.read(1.0):
        pass
    screen, frames = opened()
    filling = []
    while (made := (screen.find(MADE) or [0])[0]) < frames:
        if made > 10:
            filling.append(jump(screen, draw.randrange(made - 5)))
        screen.read(0.1)
    tell("filling", filling)
    tell("jumps", [jump(screen, draw.randrange(frames)) for _ in range(seeks)])
    jump(screen, frames - 1)
    back = range(frames - 2, max(-1, frames - 2 - seeks), -1)
    tell("steps_back", [seek(screen, b"\x1b[D", frame) for frame in back])
    tell("steps_on", [seek(screen, b"\x1b[C", frame + 1) for frame in reversed(back)])
    screen.press(b"q")


main()
