"""Archives of the session file: the records of formats/session.md, read by their layouts.

An archive holds one record at its end and, before it, what its vectors point at. This module knows
where each field lies and nothing of blocks; it checks that every vector lies inside the archive
(step 5 of the page's reading order). What the fields mean is checked in meaning.py.
"""

import struct

# The fields of each record in the order of the page's tables. Offsets are not written here: they
# follow from the order and the alignments, and example.py compares them with the page.
RECORDS = {
    "CONFIG": (
        ("world_digest", "[32]"),
        ("world_name", "[u8]"),
        ("arithmetic", "[u8]"),
        ("seed", "u64"),
        ("prompt", "u32"),
        ("passes", "u32"),
        ("noise_levels", "[u32]"),
        ("picture_width", "u32"),
        ("picture_height", "u32"),
        ("frames_per_second_milli", "u32"),
        ("action_names", "[[u8]]"),
    ),
    "MACHINE": (
        ("started_unix_ms", "u64"),
        ("engine", "[u8]"),
        ("worldtape_version", "[u8]"),
        ("build_commit", "[u8]"),
        ("kernel_digest", "[32]"),
        ("threads", "u32"),
        ("entries", "[ENTRY]"),
    ),
    "ENTRY": (("key", "[u8]"), ("value", "[u8]")),
    "FRAMES": (
        ("first_action_frame", "u64"),
        ("actions", "[u16]"),
        ("action_delta_us", "[u32]"),
        ("first_outcome_frame", "u64"),
        ("picture_digests", "[[32]]"),
        ("state_sums", "[u64]"),
        ("outcome_delta_us", "[u32]"),
    ),
    "RESUME": (("source_uuid", "[16]"), ("source_frame", "u64"), ("source_root", "[32]")),
    "CHECKPOINT": (("frame", "u64"), ("state_digest", "[32]"), ("state", "[u8]")),
    "NOTE": (("frame", "u64"), ("text", "[u8]")),
    "INDEX": (("entries", "[INDEX ENTRY]"),),
    "INDEX ENTRY": (
        ("offset", "u64"),
        ("sequence", "u64"),
        ("first_frame", "u64"),
        ("frame_count", "u32"),
        ("kind", "u16"),
        ("schema", "u16"),
    ),
    "END": (("frames", "u64"), ("actions", "u64"), ("play_root", "[32]"), ("blocks", "u64")),
}

INTEGERS = {"u8": (1, "B"), "u16": (2, "H"), "u32": (4, "I"), "u64": (8, "Q")}
# A vector is an i32 pointer, counted from the pointer's own place, and a u32 count.
VECTOR = struct.Struct("<iI")


class ArchiveError(Exception):
    """What is wrong with an archive, and at which of its bytes."""

    def __init__(self, position, message):
        super().__init__(message)
        self.position = position
        self.message = message


def is_bytes_in_place(kind):
    """`[32]` and `[16]`: so many bytes, no pointer."""
    return kind[1:-1].isdigit()


def round_up(number, multiple):
    return (number + multiple - 1) // multiple * multiple


def measure(kind):
    """Size and alignment of a type: of a field, an element or a record."""
    if kind in INTEGERS:
        size = INTEGERS[kind][0]
        return size, size
    if kind in RECORDS:
        return LAYOUTS[kind][1:]
    if is_bytes_in_place(kind):
        return int(kind[1:-1]), 1
    return VECTOR.size, 4


def lay_out(name):
    """The fields of a record with their offsets, its size and its alignment: a C struct."""
    fields, position, largest = [], 0, 1
    for field, kind in RECORDS[name]:
        size, alignment = measure(kind)
        position = round_up(position, alignment)
        fields.append((field, kind, position, size))
        position += size
        largest = max(largest, alignment)
    return tuple(fields), round_up(position, largest), largest


LAYOUTS = {name: lay_out(name) for name in RECORDS}


def read_record(name, archive):
    """The record at the end of an archive as a dictionary, every vector of it read.

    The archive is a memoryview and so are the texts: many vectors may claim the same many bytes,
    and none of them is copied before its length is checked.
    """
    _, size, alignment = LAYOUTS[name]
    position = len(archive) - size
    if position < 0:
        raise ArchiveError(0, f"{len(archive)} bytes have no room for a {name} of {size}")
    if position % alignment:
        raise ArchiveError(position, f"{name} begins at {position}, no multiple of {alignment}")
    return read_fields(name, archive, position)


def read_fields(name, archive, begin):
    fields, size, _ = LAYOUTS[name]
    values, filled = {}, begin
    for field, kind, offset, field_size in fields:
        position = begin + offset
        filled = position + field_size
        if kind in INTEGERS:
            (values[field],) = struct.unpack_from("<" + INTEGERS[kind][1], archive, position)
        elif is_bytes_in_place(kind):
            values[field] = bytes(archive[position:filled])
        else:
            values[field] = read_vector(f"{name}.{field}", kind[1:-1], archive, position)
    # No record has a gap but at its end. The page promises zeros there: a writer put nothing else.
    padding = archive[filled : begin + size]
    if any(padding):
        raise ArchiveError(filled, f"padding of {name} is {padding.hex()}, not zeros")
    return values


def read_vector(label, element, archive, position):
    """The elements that the vector at `position` points at: a view of u8, else a list."""
    pointer, count = VECTOR.unpack_from(archive, position)
    if count == 0:
        return b"" if element == "u8" else []
    size, alignment = measure(element)
    begin = position + pointer
    end = begin + count * size
    # One test for both ends: elements come before what points at them, and so inside the archive.
    if begin < 0 or end > position:
        raise ArchiveError(
            position,
            f"{label}: {count} elements of {size} bytes at {begin} to {end} "
            f"do not lie before the vector at {position}",
        )
    if begin % alignment:
        raise ArchiveError(position, f"{label}: elements at {begin}, no multiple of {alignment}")
    if element == "u8":
        return archive[begin:end]
    if element in INTEGERS:
        return list(struct.unpack_from(f"<{count}{INTEGERS[element][1]}", archive, begin))
    places = range(begin, end, size)
    if element in RECORDS:
        return [read_fields(element, archive, place) for place in places]
    if is_bytes_in_place(element):
        return [bytes(archive[place : place + size]) for place in places]
    return [read_vector(label, element[1:-1], archive, place) for place in places]
