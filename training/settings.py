"""Settings of a run: plain dataclasses, filled from `--set name=value`."""

import dataclasses
import json

PICTURE_WIDTH = 128
PICTURE_HEIGHT = 96
FRAMES_PER_SECOND = 35
BUTTONS = ("forward", "backward", "left", "right", "attack")


def changed(settings, assignments):
    """`settings` with each `name=value` of `assignments` (a list of texts) put in.

    A value is read as JSON, or as plain text where the field holds text.
    """
    fields = {field.name for field in dataclasses.fields(settings)}
    changes = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in fields:
            raise SystemExit(f"--set {assignment}: give name=value, name one of {sorted(fields)}")
        changes[name] = _read(name, text, getattr(settings, name))
    return dataclasses.replace(settings, **changes)


def _read(name, text, old):
    """The value that `text` stands for, of the type of `old`."""
    if isinstance(old, str):
        return text
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise SystemExit(f"--set {name}={text}: not JSON ({error})") from None
    if isinstance(old, tuple) and isinstance(value, list):
        return tuple(value)
    if isinstance(old, bool) != isinstance(value, bool):
        raise SystemExit(f"--set {name}={text}: a {type(old).__name__} is wanted")
    if isinstance(old, float) and isinstance(value, int):
        return float(value)
    if not isinstance(value, type(old)):
        raise SystemExit(f"--set {name}={text}: a {type(old).__name__} is wanted")
    return value
