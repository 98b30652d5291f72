#!/usr/bin/env python3
"""Prints what `run.sh` measured as one table: `table.py FOLDER`."""

import json
import pathlib
import sys


def rows(folder):
    for path in sorted(pathlib.Path(folder).glob("*.json*")):
        for line in map(json.loads, path.read_text().splitlines()):
            if line.get("line") == "stage" and line["name"] == "frame":
                names = ("min", "p50", "p95", "p99", "max")
                yield path.stem, [line[f"{name}_ns"] / 1e6 for name in names]
            elif "peer" in line:
                yield path.stem, [line[f"{name}_ms"] for name in ("min", "p50", "p95", "p99", "max")]


def main():
    print("| a frame, ms | min | p50 | p95 | p99 | max | frames/s at p50 |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, times in rows(sys.argv[1]):
        cells = " | ".join(f"{time:.2f}" for time in times)
        print(f"| {name} | {cells} | {1000 / times[1]:.1f} |")


if __name__ == "__main__":
    main()
