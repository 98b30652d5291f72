#!/usr/bin/env python3
"""Reads a session file (a tape, *.wtape) and checks all that formats/session.md says of it.

Written from that page alone, so that the page is kept honest: a reader that shares no line with the
program must come to the same frames and the same play root. Needs Python 3.11 or later and
requirements.txt. Exit codes are the program's: 0 the tape is whole, 4 it is damaged or cut short,
1 it could not be read, 2 usage.
"""

import argparse
import json
import os
import struct
import sys
from datetime import datetime, timezone

# The reader is imported from the source tree, which stays as it is.
sys.dont_write_bytecode = True

from reader import example, self_test  # noqa: E402
from reader.tape import CLOSED, Refused, read_tape  # noqa: E402

# argparse ends with 2 by itself.
WHOLE, ERROR, DAMAGED_OR_CUT = 0, 1, 4


def short_root(root):
    """As people read it to each other."""
    return f"{root.hex()[:4]}-{root.hex()[4:8]}"


def action_text(action, names):
    """The buttons held, as in an action script; the page lets bits be set that have no name."""
    bits = [bit for bit in range(16) if action >> bit & 1]
    return "+".join(names[bit] if bit < len(names) else f"button-{bit}" for bit in bits) or "wait"


def shown(text):
    """A text of the tape on one line, and nothing in it that would steer a terminal."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def uuid_text(raw):
    digits = raw.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def time_text(unix_ms):
    """A time of day; numbers that no calendar holds stay numbers."""
    try:
        moment = datetime.fromtimestamp(unix_ms / 1000, timezone.utc)
    except (ValueError, OverflowError, OSError):
        return f"{unix_ms} ms after 1970"
    return moment.isoformat(sep=" ", timespec="milliseconds")


def floats_of(bits):
    return [struct.unpack("<f", struct.pack("<I", level))[0] for level in bits]


def valid_text(tape):
    if tape.frame_count == 0:
        return "no frame is valid"
    return f"valid through frame {tape.frame_count - 1}"


def ending_text(tape):
    if tape.ending == CLOSED:
        return "whole"
    return f"{tape.ending.upper()}, {valid_text(tape)}"


def config_facts(config):
    rate = config["frames_per_second_milli"] / 1000
    return {
        "world": f"{config['world_name']} {config['world_digest'].hex()}",
        "arithmetic": config["arithmetic"],
        "seed": config["seed"],
        "prompt": config["prompt"],
        "passes": config["passes"],
        "noise levels": " ".join(f"{level:g}" for level in floats_of(config["noise_levels"])),
        "picture": f"{config['picture_width']} x {config['picture_height']}, {rate:g} frames/s",
        "buttons": " ".join(config["action_names"]),
    }


def print_summary(path, tape):
    print(f"{path}: {ending_text(tape)}, {tape.frame_count} frames, {len(tape.offsets)} blocks")
    facts = {"uuid": uuid_text(tape.header.uuid), "version": f"1.{tape.header.minor}"}
    if tape.config is not None:
        facts |= config_facts(tape.config)
    waiting = tape.action_count - tape.frame_count
    facts["actions"] = f"{tape.action_count}, {waiting} without outcome"
    for name, value in facts.items():
        print(f"  {name:<12} {shown(str(value))}")
    for machine in tape.machines:
        print_machine(machine)
    for resume in tape.resumes:
        print_resume(resume)
    for point in tape.checkpoints:
        digest = point["state_digest"].hex()
        print(f"  checkpoint   frame {point['frame']}, {point['state']} bytes, digest {digest}")
    for note in tape.notes:
        print(f"  note         frame {note['frame']}: {shown(note['text'])}")
    for block in tape.skipped:
        print(f"  skipped      {block.name}, schema {block.schema}")
    if tape.play_root is not None:
        print(f"  play root    {short_root(tape.play_root)} {tape.play_root.hex()}")
    print(f"  chain        {tape.chain_finding or 'ok'}")


def print_resume(resume):
    source, root = uuid_text(resume["source_uuid"]), resume["source_root"].hex()
    agrees = {True: "as here", False: "NOT as here", None: "not compared"}
    told = f"{resume['source_frame']} frames of {source}, root {root}"
    print(f"  resumed      {told} {agrees[resume['root_agrees']]}")


def print_machine(machine):
    begun = f"from frame {machine['first_frame']}, {time_text(machine['started_unix_ms'])}"
    build = f"worldtape {machine['worldtape_version']} {machine['build_commit'] or 'unknown build'}"
    line = f"{machine['engine']}, {machine['threads']} threads, {build}, {begun}"
    print(f"  machine      {shown(line)}")
    if any(machine["kernel_digest"]):
        print(f"    kernels      {machine['kernel_digest'].hex()}")
    for key, value in machine["entries"]:
        print(f"    {shown(key):<12} {shown(value)}")


def frame_facts(frame, names):
    return {
        "frame": frame.number,
        "action": action_text(frame.action, names),
        "picture_digest": frame.picture_digest.hex(),
        "state_sum": f"{frame.state_sum:016x}",
        "action_us": frame.action_us,
        "outcome_us": frame.outcome_us,
    }


def print_frames(tape):
    for frame in tape.frames:
        facts = frame_facts(frame, tape.config["action_names"])
        print(
            f"frame {facts['frame']} {shown(facts['action'])} picture {facts['picture_digest']} "
            f"state {facts['state_sum']} action {facts['action_us']} us "
            f"outcome {facts['outcome_us']} us"
        )


def plain(value):
    """Digests as hexadecimal digits, for JSON has no bytes."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    return value


def print_json(path, tape, with_frames):
    """One object; whole numbers may be up to 64 bits, so a reader must not take them for floats."""
    report = {
        "path": path,
        "ending": tape.ending,
        "findings": [{"offset": offset, "text": text} for offset, text in tape.findings],
        "uuid": uuid_text(tape.header.uuid),
        "version": f"1.{tape.header.minor}",
        "config": tape.config,
        # A list of pairs, for the page lets a key come twice.
        "machines": tape.machines,
        "resumes": tape.resumes,
        "checkpoints": tape.checkpoints,
        "notes": tape.notes,
        "skipped": [
            {"offset": block.offset, "kind": block.kind, "schema": block.schema}
            for block in tape.skipped
        ],
        "blocks": len(tape.offsets),
        "actions": tape.action_count,
        "frames": tape.frame_count,
        "play_root": tape.play_root,
        "play_root_short": short_root(tape.play_root) if tape.play_root else None,
        "chain": tape.chain_finding or "ok",
    }
    if with_frames:
        names = tape.config["action_names"] if tape.config else []
        report["frame_list"] = [frame_facts(frame, names) for frame in tape.frames]
    print(json.dumps(plain(report), indent=2))


def report_tape(path, options):
    with open(path, "rb") as file:
        tape = read_tape(file, keep_frames=options.frames)
    if options.json:
        print_json(path, tape, options.frames)
    elif options.frames:
        print_frames(tape)
    else:
        print_summary(path, tape)
    for offset, text in tape.findings:
        finding = f"{path}: {tape.ending} at byte {offset}: {text}; {valid_text(tape)}"
        print(finding, file=sys.stderr)
    return WHOLE if tape.ending == CLOSED else DAMAGED_OR_CUT


def parse_options():
    parser = argparse.ArgumentParser(
        description="Reads a session file and checks all that formats/session.md says of it.",
        epilog="exit codes: 0 whole, 4 damaged or cut short, 1 not readable, 2 usage",
    )
    parser.add_argument("path", metavar="TAPE", help="the tape; with --example, the page")
    parser.add_argument("--frames", action="store_true", help="a line for each frame")
    parser.add_argument("--json", action="store_true", help="the same as one JSON object")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--example", action="store_true", help="check the page's worked example")
    modes.add_argument(
        "--self-test", action="store_true", help="damage and cut the tape at every byte"
    )
    parser.add_argument(
        "--step", type=int, default=1, metavar="N", help="self-test: only every Nth byte (1)"
    )
    options = parser.parse_args()
    if options.step < 1:
        parser.error("--step must be at least 1")
    return options


def main():
    options = parse_options()
    # A terminal that cannot show a letter of a name must not end the reading.
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.stderr.reconfigure(errors="backslashreplace")
    try:
        if options.example:
            return example.check_page(options.path)
        if options.self_test:
            return self_test.run(options.path, options.step)
        return report_tape(options.path, options)
    except (Refused, example.ExampleError, self_test.SelfTestError) as error:
        print(f"{options.path}: {error}", file=sys.stderr)
    except BrokenPipeError:
        # Whoever read the lines has seen enough; the interpreter must not try to write the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(f"{options.path}: {error.strerror}", file=sys.stderr)
    return ERROR


if __name__ == "__main__":
    sys.exit(main())
