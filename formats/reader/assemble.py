"""Puts a session file together from archives, for the worked example and the self-test.

Checksums, chain, places and lengths come out right unless a Part says otherwise, so that a single
planted fault stands alone.
"""

import struct
from dataclasses import dataclass, field, replace

import zstandard

from reader import archives, blocks, meaning

# What zstd calls its default; the worked example's payloads are made with it.
ZSTD_LEVEL = 3


@dataclass
class Part:
    """A block to be: its archive, or what is to stand in it. INDEX without both gets its own."""

    kind: int
    archive: bytes = None
    values: dict = None
    frame_count: int = 0
    schema: int = meaning.SCHEMA
    # The zstd frame, where it is not simply the archive's.
    payload: bytes = None
    # Fields of the block header that are to be wrong: `magic`, or by the names of blocks.Block.
    wrong: dict = field(default_factory=dict)


def with_crc(raw):
    return raw + struct.pack("<I", blocks.crc32c(raw))


def compress(archive):
    return zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=False).compress(archive)


def header(uuid, major=1, minor=0, length=blocks.HEADER.size):
    size = blocks.HEADER.size - blocks.SKIPPABLE_BYTES
    fields = (blocks.SKIPPABLE_MAGIC, size, blocks.TAPE_MAGIC, major, minor, uuid, length, 0)
    return with_crc(blocks.HEADER.pack(*fields)[:-4])


def block(part, before, offset, sequence, first_frame):
    """One block, and its header as a reader will see it."""
    payload = compress(part.archive) if part.payload is None else part.payload
    head = blocks.Block(
        offset, part.kind, part.schema, sequence, first_frame, part.frame_count,
        len(payload), len(part.archive), blocks.chain_of(before), blocks.crc32c(payload), b"",
    )
    wrong = dict(part.wrong)
    magic = wrong.pop("magic", blocks.BLOCK_MAGIC)
    head = replace(head, **wrong)
    raw = blocks.BLOCK.pack(
        blocks.SKIPPABLE_MAGIC, blocks.BLOCK.size - 8, magic, head.kind, head.schema,
        head.sequence, head.first_frame, head.frame_count, head.compressed_length,
        head.uncompressed_length, head.chain, head.payload_crc, 0,
    )
    return with_crc(raw[:-4]) + payload, head


def index_values(heads):
    names = [name for name, _ in archives.RECORDS["INDEX ENTRY"]]
    return {"entries": [{name: getattr(head, name) for name in names} for head in heads]}


def archive_of(name, values):
    """The archive of a record: what its vectors point at, then the record."""
    pool = bytearray()
    place = put(name, values, pool)
    pool += bytes(-len(pool) % 8)
    return bytes(pool) + place(len(pool))


def put(kind, value, pool):
    """Adds what a value points at to the pool; returns the value's own bytes as a function of where
    they stand, for a pointer counts from its own place."""
    if kind in archives.INTEGERS:
        return lambda _: struct.pack("<" + archives.INTEGERS[kind][1], value)
    if kind in archives.RECORDS:
        return put_record(kind, value, pool)
    if archives.is_bytes_in_place(kind):
        return lambda _: value
    element = kind[1:-1]
    if element == "u8":
        begin = len(pool)
        pool += value
        return lambda position: archives.VECTOR.pack(begin - position, len(value))
    places = [put(element, item, pool) for item in value]
    pool += bytes(-len(pool) % archives.measure(element)[1])
    begin = len(pool)
    for place in places:
        pool += place(len(pool))
    return lambda position: archives.VECTOR.pack(begin - position, len(places))


def put_record(name, values, pool):
    fields, size, _ = archives.LAYOUTS[name]
    places = [put(kind, values[field], pool) for field, kind, _, _ in fields]

    def place_all(position):
        raw = bytearray(size)
        for (_, _, offset, length), place in zip(fields, places):
            raw[offset : offset + length] = place(position + offset)
        return bytes(raw)

    return place_all


def footer(index_offset, end_offset, play_root):
    fields = (blocks.SKIPPABLE_MAGIC, blocks.FOOTER.size - 8, blocks.FOOTER_MAGIC)
    return with_crc(blocks.FOOTER.pack(*fields, index_offset, end_offset, play_root, 0)[:-4])


def tape(head_bytes, parts, play_root):
    """A whole tape of these blocks, and the header of each."""
    pieces, heads, frames = [head_bytes], [], 0
    offset, places = len(head_bytes), {meaning.INDEX: 0, meaning.END: 0}
    for sequence, part in enumerate(parts):
        if part.archive is None:
            values = index_values(heads) if part.values is None else part.values
            part = replace(part, archive=archive_of(meaning.KINDS[part.kind][0], values))
        raw, head = block(part, pieces[-1], offset, sequence, frames)
        pieces.append(raw)
        heads.append(head)
        places[part.kind] = offset
        offset += len(raw)
        frames += part.frame_count
    pieces.append(footer(places[meaning.INDEX], places[meaning.END], play_root))
    return b"".join(pieces), heads
