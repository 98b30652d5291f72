"""What the fields of a record may say: limits, texts, lengths that must fit each other.

This is step 6 of the reading order of formats/session.md as far as one record tells; what depends
on the blocks before it is in tape.py. The tables of kinds and limits are copied from the page, and
example.py compares them with it.
"""

KINDS = {
    1: ("CONFIG", 262144),
    2: ("MACHINE", 262144),
    3: ("FRAMES", 4096),
    4: ("RESUME", 256),
    5: ("CHECKPOINT", 33554432),
    6: ("NOTE", 36864),
    7: ("INDEX", 3145728),
    8: ("END", 256),
}
CONFIG, MACHINE, FRAMES, RESUME, CHECKPOINT, NOTE, INDEX, END = KINDS
SCHEMA = 1
# Of these an unknown schema is damage; of the others it is skipped.
NEVER_SKIPPED = (CONFIG, FRAMES, END)

LIMITS = {
    "TAPE_BYTES_MAX": 17179869184,
    "CLOSING_BYTES_MAX": 4194304,
    "HEADER_BYTES_MAX": 4096,
    "BLOCKS_MAX": 16777216,
    "FRAMES_MAX": 100000000,
    "FRAMES_PER_BLOCK_MAX": 64,
    "ARCHIVE_BYTES_MAX": 33554432,
    "STATE_BYTES_MAX": 33550336,
    "STATES_BYTES_MAX": 268435456,
    "NOTES_BYTES_MAX": 8388608,
    "NAME_BYTES_MAX": 256,
    "VALUE_BYTES_MAX": 1024,
    "NOTE_BYTES_MAX": 32768,
    "ENTRIES_MAX": 64,
    "PASSES_MAX": 1024,
    "ACTION_NAMES_MAX": 16,
    "PICTURE_SIDE_MAX": 16384,
    "MACHINES_MAX": 64,
    "RESUMES_MAX": 64,
    "NOTES_MAX": 100000,
    "CHECKPOINTS_MAX": 4096,
    "INDEX_ENTRIES_MAX": 65536,
}
# How many blocks of a kind a tape may have.
BLOCKS_OF_KIND_MAX = {
    MACHINE: "MACHINES_MAX",
    RESUME: "RESUMES_MAX",
    NOTE: "NOTES_MAX",
    CHECKPOINT: "CHECKPOINTS_MAX",
}


class MeaningError(Exception):
    """A record whose bytes can be read and that says what it may not."""


def archive_bytes_max(kind):
    return KINDS[kind][1] if kind in KINDS else LIMITS["ARCHIVE_BYTES_MAX"]


def compressed_bytes_max(kind):
    limit = archive_bytes_max(kind)
    return limit + limit // 64 + 1024


def at_most(what, number, limit):
    if number > LIMITS[limit]:
        raise MeaningError(f"{what} is {number}, above {limit} {LIMITS[limit]}")


def equal(what, found, expected):
    if found != expected:
        raise MeaningError(f"{what} is {found}, expected {expected}")


def text(what, raw, limit="NAME_BYTES_MAX"):
    at_most(f"length of {what}", len(raw), limit)
    try:
        return bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MeaningError(f"{what} is no UTF-8 from its byte {error.start} on") from None


def check_config(record):
    at_most("passes", record["passes"], "PASSES_MAX")
    at_most("picture width", record["picture_width"], "PICTURE_SIDE_MAX")
    at_most("picture height", record["picture_height"], "PICTURE_SIDE_MAX")
    equal("number of noise levels", len(record["noise_levels"]), record["passes"] + 1)
    at_most("number of action names", len(record["action_names"]), "ACTION_NAMES_MAX")
    names = [text("an action name", name) for name in record["action_names"]]
    return record | {
        "world_name": text("world name", record["world_name"]),
        "arithmetic": text("arithmetic", record["arithmetic"]),
        "action_names": names,
    }


def check_machine(record):
    at_most("number of entries", len(record["entries"]), "ENTRIES_MAX")
    texts = {
        name: text(name, record[name]) for name in ("engine", "worldtape_version", "build_commit")
    }
    entries = [
        (text("key", entry["key"]), text("value", entry["value"], "VALUE_BYTES_MAX"))
        for entry in record["entries"]
    ]
    return record | texts | {"entries": entries}


def check_frames(record):
    actions, outcomes = len(record["actions"]), len(record["picture_digests"])
    at_most("number of actions", actions, "FRAMES_PER_BLOCK_MAX")
    at_most("number of outcomes", outcomes, "FRAMES_PER_BLOCK_MAX")
    equal("number of action times", len(record["action_delta_us"]), actions)
    equal("number of state sums", len(record["state_sums"]), outcomes)
    equal("number of outcome times", len(record["outcome_delta_us"]), outcomes)
    return record


def check_checkpoint(record):
    at_most("bytes of the state", len(record["state"]), "STATE_BYTES_MAX")
    return record


def check_note(record):
    return record | {"text": text("text of the note", record["text"], "NOTE_BYTES_MAX")}


def check_index(record):
    at_most("number of entries", len(record["entries"]), "INDEX_ENTRIES_MAX")
    return record


def check_nothing(record):
    """RESUME and END: numbers and digests that mean something only beside the rest of the tape."""
    return record


CHECKS = {
    CONFIG: check_config,
    MACHINE: check_machine,
    FRAMES: check_frames,
    RESUME: check_nothing,
    CHECKPOINT: check_checkpoint,
    NOTE: check_note,
    INDEX: check_index,
    END: check_nothing,
}
