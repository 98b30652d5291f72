"""Stage `compare`: two evaluations side by side, and what int8 costs against floats."""

import json

from training.gates.spec import line, measured


def add_arguments(parser):
    """Arguments of `python -m training compare`."""
    parser.add_argument("float", help="evaluation.json of the float world, from here")
    parser.add_argument("packed", help="JSON of `worldtape world evaluate --json`")


def run(arguments):
    """Prints both values of every gate, then the gate `int8_against_float`."""
    ours, theirs = (_read(path) for path in (arguments.float, arguments.packed))
    for name in ours["gates"]:
        values = [report["gates"].get(name, {}).get("value") for report in (ours, theirs)]
        if None not in values:
            print(f"{name:31} float {values[0]:9.3f}  packed {values[1]:9.3f}")
    gate = int8_against_float(ours, theirs)
    print(line(gate))
    raise SystemExit(0 if gate["passed"] else 1)


def int8_against_float(ours, theirs):
    """The gate: how many dB of `next_frame` the packed world loses."""
    for name in ("episodes", "frames"):
        if ours["data"][name] != theirs["data"][name]:
            raise SystemExit(f"other held-out data: {name} {ours['data'][name]} against "
                             f"{theirs['data'][name]}")
    gates = [report["gates"].get("next_frame", {}) for report in (ours, theirs)]
    if any(gate.get("value") is None for gate in gates):
        raise SystemExit("next_frame was not measured in both evaluations")
    counts = {gate["count"] for gate in gates}
    if len(counts) > 1 or ours["passes"] != theirs["passes"]:
        raise SystemExit(f"other counts {counts} or passes: not to be compared")
    return measured("int8_against_float", gates[0]["value"] - gates[1]["value"], gates[0]["count"])


def _read(path):
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    if report.get("format") != "evaluation-2":
        raise SystemExit(f"{path}: not an evaluation-2 object")
    return report | {"gates": {gate["name"]: gate for gate in report["gates"]}}
