"""Faults whose checksums are right: what only the meaning of a tape, or its chain, can show.

Each plant is a small tape with one thing changed, how a reader must end on it, how many frames it
must keep, and words that its finding must hold. Whole tapes with the rarer blocks are among them.
"""

from dataclasses import dataclass, replace

import zstandard

from reader import archives, assemble, blocks, meaning
from reader.assemble import Part
from reader.tape import CLOSED, CUT, DAMAGED, play_root_after, play_root_before

REFUSED = "refused"
UUID = bytes(range(16))
CONFIG = {
    "world_digest": bytes(range(32)), "world_name": b"plain", "arithmetic": b"exact-1", "seed": 7,
    "prompt": 1, "passes": 1, "noise_levels": [0x3F800000, 0], "picture_width": 160,
    "picture_height": 120, "frames_per_second_milli": 35000, "action_names": [b"forward", b"fire"],
}
MACHINE = {
    "started_unix_ms": 1700000000000, "engine": b"cpu", "worldtape_version": b"0.1.0",
    "build_commit": b"", "kernel_digest": bytes(32), "threads": 2,
    "entries": [{"key": b"isa", "value": b"avx2"}],
}
# Blocks of frames, as (actions, outcomes): an outcome may come a block after its action.
COUNTS = ((2, 1), (1, 2), (2, 2))
FIRST_FRAMES, INDEX, END = 3, 6, 7
FRAMES_ALL = 5
STATE_BYTES_MAX = meaning.LIMITS["STATE_BYTES_MAX"]
NOTE = Part(meaning.NOTE, values={"frame": 1, "text": "hello \u00e9".encode()})
RARE = (
    NOTE,
    Part(meaning.CHECKPOINT, values={"frame": 1, "state_digest": bytes(32), "state": b"state"}),
    Part(
        meaning.RESUME, values={"source_uuid": UUID, "source_frame": 1, "source_root": bytes(32)}
    ),
    Part(meaning.MACHINE, values=MACHINE | {"engine": b"cuda:0", "kernel_digest": b"k" * 32}),
    Part(9, archive=b"of a later version"),
    Part(meaning.NOTE, archive=b"of another schema", schema=2),
)


@dataclass
class Plant:
    """One fault and what must come of it."""

    what: str
    data: bytes
    ending: str
    frames: int
    words: str = ""


def picture_of(frame):
    return bytes([frame]) * 32


def frames_part(first_action, actions, first_outcome, outcomes):
    values = {
        "first_action_frame": first_action,
        "actions": [frame % 4 for frame in range(first_action, first_action + actions)],
        "action_delta_us": [1000] * actions,
        "first_outcome_frame": first_outcome,
        "picture_digests": [
            picture_of(frame) for frame in range(first_outcome, first_outcome + outcomes)
        ],
        "state_sums": list(range(first_outcome, first_outcome + outcomes)),
        "outcome_delta_us": [2000] * outcomes,
    }
    return Part(meaning.FRAMES, values=values, frame_count=outcomes)


def right_parts():
    """A tape with nothing wrong, and its play root."""
    config = Part(meaning.CONFIG, values=CONFIG)
    parts = [config, config, Part(meaning.MACHINE, values=MACHINE)]
    first_action = first_outcome = 0
    for actions, outcomes in COUNTS:
        parts.append(frames_part(first_action, actions, first_outcome, outcomes))
        first_action, first_outcome = first_action + actions, first_outcome + outcomes
    names = [name.decode() for name in CONFIG["action_names"]]
    texts = {"world_name": "plain", "arithmetic": "exact-1", "action_names": names}
    root = play_root_before(CONFIG | texts)
    for frame in range(FRAMES_ALL):
        root = play_root_after(root, frame % 4, picture_of(frame), frame)
    end = {"frames": first_outcome, "actions": first_action, "play_root": root, "blocks": END}
    return parts + [Part(meaning.INDEX), Part(meaning.END, values=end)], root


class Garden:
    """Makes plants out of the right tape. Each method puts one fault into a copy of its blocks."""

    def __init__(self):
        self.parts, self.root = right_parts()
        self.right, self.heads = self.make(self.parts)

    def make(self, parts, **versions):
        return assemble.tape(assemble.header(UUID, **versions), parts, self.root)

    def with_part(self, number, **changes):
        parts = list(self.parts)
        parts[number] = replace(parts[number], **changes)
        return self.make(parts)[0]

    def with_values(self, number, **values):
        return self.with_part(number, values=self.parts[number].values | values)

    def with_both_configs(self, **values):
        config = Part(meaning.CONFIG, values=CONFIG | values)
        return self.make([config, config, *self.parts[2:]])[0]

    def with_blocks(self, place, *added, removed=0):
        """Blocks put in or taken out, with END told of it."""
        parts = [*self.parts[:place], *added, *self.parts[place + removed :]]
        end = parts[-1].values | {"blocks": len(parts) - 1}
        return self.make([*parts[:-1], replace(parts[-1], values=end)])[0]

    def with_index(self, change):
        """INDEX with its right entries changed; entries are as many, so nothing moves."""
        entries = assemble.index_values(self.heads[:INDEX])["entries"]
        change(entries)
        return self.with_part(INDEX, values={"entries": entries})

    def with_payload(self, change):
        """The first FRAMES with another zstd frame."""
        archive = assemble.archive_of("FRAMES", self.parts[FIRST_FRAMES].values)
        return self.with_part(FIRST_FRAMES, archive=archive, payload=change(archive))

    def with_archive(self, number, change):
        part = self.parts[number]
        archive = bytearray(assemble.archive_of(meaning.KINDS[part.kind][0], part.values))
        change(archive)
        return self.with_part(number, archive=bytes(archive))

    def with_footer(self, index=0, end=0, root=None, after=b""):
        offsets = (self.heads[INDEX].offset + index, self.heads[END].offset + end)
        footer = assemble.footer(*offsets, root or self.root)
        return self.right[: -len(footer)] + footer + after


def whole_plants(garden):
    """Tapes that are unusual and right."""
    yield Plant("nothing", garden.right, CLOSED, FRAMES_ALL)
    yield Plant("a later minor", garden.make(garden.parts, minor=7)[0], CLOSED, FRAMES_ALL)
    yield Plant("every kind", garden.with_blocks(5, *RARE), CLOSED, FRAMES_ALL)
    yield Plant("no INDEX", garden.with_blocks(INDEX, removed=1), CLOSED, FRAMES_ALL)
    index = Part(meaning.INDEX, archive=b"of another schema", schema=2)
    yield Plant("new INDEX", garden.with_blocks(INDEX, index, removed=1), CLOSED, FRAMES_ALL)
    checksum = zstandard.ZstdCompressor(write_checksum=True)
    yield Plant("a zstd checksum", garden.with_payload(checksum.compress), CLOSED, FRAMES_ALL)


def refused_plants(garden):
    right = garden.right
    for what, data, words in (
        ("nothing at all", b"", "0 bytes"),
        ("another file", b"P" + right[1:], "no tape"),
        ("a header sent as text", right.replace(b"\r\n", b"\n", 1), "no tape"),
        ("half a header", right[:40], "40 bytes of 44"),
        ("a header too long", right[:4] + b"\xff" + right[5:], "CRC32C"),
        ("a header of nothing", right[:4] + bytes(4) + right[8:], "it says 0 bytes"),
        ("a header too short", assemble.header(UUID, length=48), "says 48 at byte 36"),
        ("another uuid", right[:20] + b"u" + right[21:], "CRC32C"),
        ("another major", garden.make(garden.parts, major=2)[0], "version 2.0"),
    ):
        yield Plant(what, data, REFUSED, 0, words)
    for what, values in (
        ("a pass without a noise level", {"passes": 2}),
        ("too many passes", {"passes": 1025, "noise_levels": [0] * 1026}),
        ("a picture too wide", {"picture_width": 16385}),
        ("a picture too high", {"picture_height": 16385}),
        ("a name too long", {"world_name": b"n" * 257}),
        ("a name that is no text", {"world_name": b"\xff"}),
        ("too many buttons", {"action_names": [b"a"] * 17}),
    ):
        yield Plant(what, garden.with_both_configs(**values), REFUSED, 0, "no readable CONFIG")
    other = assemble.header(bytes(16)) + garden.right[blocks.HEADER.size :]
    yield Plant("the header of another tape", other, REFUSED, 0, "chain")


def block_plants(garden):
    """What a block header says, and what may follow what."""
    first = FIRST_FRAMES
    for number, wrong, frames, words in (
        (first, {"sequence": 4}, 0, "sequence"),
        (first + 1, {"first_frame": 0}, 1, "first frame"),
        (first, {"frame_count": 65}, 0, "frame count"),
        (first, {"frame_count": 2}, 0, "number of outcomes is 1, expected 2"),
        (first, {"magic": b"WBLQ"}, 0, "magic and size"),
        (first, {"schema": 2}, 0, "schema"),
        (first, {"payload_crc": 1}, 0, "promised 0x00000001"),
        (END, {"schema": 2}, FRAMES_ALL, "schema"),
        (END, {"frame_count": 1}, FRAMES_ALL, "frame count"),
        (first, {"uncompressed_length": 4097}, 0, "uncompressed length"),
        (first, {"compressed_length": 5185}, 0, "compressed length"),
        # A wrong chain throws doubt on the block before, which holds frame 0.
        (first + 1, {"chain": bytes(32)}, 0, "chain"),
        (first + 2, {"chain": bytes(32)}, 1, "chain"),
    ):
        data = garden.with_part(number, wrong=wrong)
        yield Plant(f"block {number} with {wrong}", data, DAMAGED, frames, words)
    config, machine = garden.parts[1:3]
    for what, place, added, removed, frames, words in (
        ("only one CONFIG", 1, (), 1, 0, "CONFIG is wanted"),
        ("a third CONFIG", 4, (config,), 0, 1, "CONFIG is for blocks 0 and 1"),
        ("no MACHINE", 2, (), 1, 0, "MACHINE is wanted"),
        ("a NOTE after INDEX", END, (NOTE,), 0, FRAMES_ALL, "END is wanted"),
        ("too many MACHINEs", 4, (machine,) * 64, 0, 1, "block of this kind"),
        ("FRAMES left out", first + 1, (), 1, 1, "frame of the first action is 3, expected 2"),
        ("FRAMES twice", first + 1, (garden.parts[first],), 0, 1, "frame of the first action"),
    ):
        data = garden.with_blocks(place, *added, removed=removed)
        yield Plant(what, data, DAMAGED, frames, words)


def record_plants(garden):
    """What archives say, and how they are laid out."""
    first = FIRST_FRAMES
    for number, values, frames, words in (
        (1, {"seed": 8}, 0, "seed of the second CONFIG"),
        (2, {"engine": b"\xff"}, 0, "UTF-8"),
        (2, {"entries": MACHINE["entries"] * 65}, 0, "entries"),
        (first, {"first_action_frame": 1}, 0, "first action"),
        (first, {"first_outcome_frame": 1}, 0, "first outcome"),
        (first, {"actions": [], "action_delta_us": []}, 0, "1 outcomes of 0 actions"),
        (first, {"actions": [0] * 65, "action_delta_us": [0] * 65}, 0, "FRAMES_PER_BLOCK_MAX"),
        (first, {"action_delta_us": [1]}, 0, "action times"),
        (first, {"picture_digests": [bytes(32)] * 65}, 0, "FRAMES_PER_BLOCK_MAX"),
        (first, {"state_sums": []}, 0, "state sums"),
        (first, {"outcome_delta_us": []}, 0, "outcome times"),
        (END, {"frames": 4}, FRAMES_ALL, "total of outcomes"),
        (END, {"actions": 6}, FRAMES_ALL, "total of actions"),
        (END, {"play_root": bytes(32)}, FRAMES_ALL, "play root"),
        (END, {"blocks": 8}, FRAMES_ALL, "number of blocks"),
    ):
        data = garden.with_values(number, **values)
        yield Plant(f"block {number} with {values}", data, DAMAGED, frames, words)
    long_note = replace(NOTE, values={"frame": 0, "text": b"n" * 32769})
    data = garden.with_blocks(first, long_note)
    yield Plant("a long NOTE", data, DAMAGED, 0, "NOTE_BYTES_MAX")
    state = {"frame": 0, "state_digest": bytes(32), "state": bytes(STATE_BYTES_MAX + 1)}
    data = garden.with_blocks(first, Part(meaning.CHECKPOINT, values=state))
    yield Plant("a long CHECKPOINT", data, DAMAGED, 0, "STATE_BYTES_MAX")
    longest = assemble.archive_of("CHECKPOINT", state | {"state": bytes(STATE_BYTES_MAX)})
    data = garden.with_blocks(first, *[Part(meaning.CHECKPOINT, archive=longest)] * 9)
    yield Plant("many long CHECKPOINTs", data, DAMAGED, 0, "STATES_BYTES_MAX")
    longest = replace(NOTE, values={"frame": 0, "text": b"n" * 32768})
    data = garden.with_blocks(first, *[longest] * 257)
    yield Plant("many long NOTEs", data, DAMAGED, 0, "NOTES_BYTES_MAX")
    count = meaning.LIMITS["INDEX_ENTRIES_MAX"] + 1
    entries = bytes(32 * count) + archives.VECTOR.pack(-32 * count, count)
    data = garden.with_part(INDEX, archive=entries)
    yield Plant("a long INDEX", data, DAMAGED, FRAMES_ALL, "INDEX_ENTRIES_MAX")

    def pointer(number):
        # The vector of `actions` stands 48 bytes before the end of FRAMES.
        return lambda archive: archive.__setitem__(slice(-48, -44), number.to_bytes(4, "little"))

    for what, change, words in (
        ("a vector before the archive", pointer(2**32 - 4096), "do not lie before"),
        ("a vector behind its pointer", pointer(8), "do not lie before"),
        ("a vector at an odd byte", pointer(2**32 - 13), "no multiple of 2"),
        ("a record at an odd byte", lambda archive: archive.insert(0, 0), "FRAMES begins at"),
        ("a short archive", lambda archive: archive.__delitem__(slice(0, -48)), "have no room"),
    ):
        yield Plant(what, garden.with_archive(first, change), DAMAGED, 0, words)
    data = garden.with_archive(2, lambda archive: archive.__setitem__(-1, 1))
    yield Plant("padding", data, DAMAGED, 0, "padding of MACHINE")


def payload_plants(garden):
    nameless = zstandard.ZstdCompressor(write_content_size=False)
    for what, change, words in (
        ("two zstd frames", lambda archive: assemble.compress(archive) * 2, "bytes long, the payl"),
        ("a byte after the zstd frame", lambda archive: assemble.compress(archive) + b"x", "long"),
        ("half a zstd frame", lambda archive: assemble.compress(archive)[:-9], "bytes long"),
        ("no content size", nameless.compress, "no content size"),
        ("a bomb", lambda archive: assemble.compress(bytes(1 << 26)), "holds 67108864 bytes"),
        ("no zstd frame", lambda archive: archive, "no frame"),
        # Descriptors of frame headers: 8 bytes of content size; and a dictionary's number.
        ("half a frame header", lambda _: blocks.ZSTD_MAGIC + b"\xe0" + bytes(7), "12 of 13"),
        ("a dictionary", lambda _: blocks.ZSTD_MAGIC + b"\x21\x05" + bytes(4), "dictionary 05"),
        ("no zstd block", lambda _: blocks.ZSTD_MAGIC + b"\x20\x78", "goes on after"),
    ):
        yield Plant(what, garden.with_payload(change), DAMAGED, 0, words)


def closing_plants(garden):
    """INDEX, END, the footer, and how a file may stop."""
    all_frames, right = FRAMES_ALL, garden.right
    for what, change, words in (
        ("a wrong offset", lambda entries: entries[2].update(offset=45), "entry 2"),
        ("a wrong count", lambda entries: entries[3].update(frame_count=2), "entry 3"),
        ("a wrong kind", lambda entries: entries[0].update(kind=2), "entry 0"),
        ("an entry twice", lambda entries: entries[1].update(entries[0]), "entry 1"),
        ("an entry left out", lambda entries: entries.pop(), "number of entries is 5"),
        ("every other block", lambda entries: entries.__delitem__(slice(1, 6, 2)), "entry 1"),
    ):
        data = garden.with_index(change)
        yield Plant(f"INDEX with {what}", data, DAMAGED, all_frames, words)
    for what, data, words in (
        ("a wrong index offset", garden.with_footer(index=1), "index offset"),
        ("a wrong end offset", garden.with_footer(end=1), "end offset"),
        ("a wrong root", garden.with_footer(root=bytes(32)), "play root"),
        ("a wrong CRC", right[:-1] + b"\0", "CRC32C of the footer"),
        ("a byte behind", garden.with_footer(after=b"\0"), "1 bytes follow"),
    ):
        yield Plant(f"a footer with {what}", data, DAMAGED, all_frames, words)
    before_footer = right[: -blocks.FOOTER.size]
    third = right[: garden.heads[FIRST_FRAMES + 1].offset]
    for what, data, frames, words in (
        ("no footer", before_footer, all_frames, "inside the footer, after 0 of 64"),
        ("zeros for a footer", before_footer + bytes(64), all_frames, "zeros"),
        ("many zeros", third + bytes(3 << 20), 1, "zeros"),
        ("no block more", third, 1, "no END"),
        ("half a block header", third + right[len(third) : len(third) + 40], 1, "40 of 84"),
    ):
        yield Plant(what, data, CUT, frames, words)
    torn = third + right[len(third) : len(third) + 40] + bytes(4096)
    yield Plant("half a block header, then zeros", torn, DAMAGED, 1, "CRC32C")


def all_plants():
    garden = Garden()
    for plants in (
        whole_plants, refused_plants, block_plants, record_plants, payload_plants, closing_plants
    ):
        yield from plants(garden)
