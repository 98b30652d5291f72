"""The bytes of a session file: HEADER, block headers, payloads and FOOTER of formats/session.md.

Steps 1 to 4 of the page's reading order: nothing here is believed before its checksum. What the
archives say is read by archives.py, and what they mean together by tape.py.
"""

import struct
from dataclasses import dataclass

import blake3
import zstandard

from reader import meaning
from reader.meaning import LIMITS

SKIPPABLE_MAGIC = 0x184D2A57
TAPE_MAGIC = b"\x89WTP\r\n\x1a\n"
BLOCK_MAGIC = b"WBLK"
FOOTER_MAGIC = b"WEND"
MAJOR = 1
# Skippable magic, skippable size, magic, and then the fields of the page's tables.
HEADER = struct.Struct("<II8sHH16sII")
# What the first bytes of a header mean in every version, its length included.
HEADER_PROMISED = struct.Struct("<II8sHH")
BLOCK = struct.Struct("<II4sHHQQIII32sII")
FOOTER = struct.Struct("<II4sQQ32sI")
SKIPPABLE_BYTES = 8
CRC_BYTES = 4
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
CHAIN_CONTEXT = "worldtape 1 chain"
ZEROS_AT_ONCE = 1 << 20


class Refused(Exception):
    """No tape, a tape of another version, or one that says nothing of what was played."""


class Cut(Exception):
    """The bytes end where a tape would go on."""

    def __init__(self, offset, message):
        super().__init__(message)
        self.offset = offset
        self.message = message


class Damaged(Cut):
    """The bytes say something that no writer writes."""


def crc32c_table():
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
        table.append(number)
    return tuple(table)


CRC32C_TABLE = crc32c_table()


def crc32c(data):
    """CRC32C (Castagnoli), reflected, begun and ended with all ones."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC32C_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def crc_of(raw):
    """The CRC of a header, a block header or a footer: as it is, and as its last bytes say."""
    return crc32c(raw[:-CRC_BYTES]), int.from_bytes(raw[-CRC_BYTES:], "little")


def chain_of(block):
    """What the next block's chain must be, of all bytes of this one."""
    return blake3.blake3(block, derive_key_context=CHAIN_CONTEXT).digest()


@dataclass
class Header:
    """The first bytes of a tape."""

    minor: int
    uuid: bytes
    raw: bytes


@dataclass
class Block:
    """A block header, and where it stands."""

    offset: int
    kind: int
    schema: int
    sequence: int
    first_frame: int
    frame_count: int
    compressed_length: int
    uncompressed_length: int
    chain: bytes
    payload_crc: int
    raw: bytes

    @property
    def end(self):
        return self.offset + BLOCK.size + self.compressed_length

    @property
    def is_known(self):
        return self.kind in meaning.KINDS and self.schema == meaning.SCHEMA

    @property
    def name(self):
        kind = meaning.KINDS.get(self.kind, (f"kind {self.kind}",))[0]
        return f"block {self.sequence} ({kind}) at byte {self.offset}"


class Source:
    """The bytes of a file, read where asked, so that a tape need not fit into memory."""

    def __init__(self, file):
        self.file = file
        self.size = file.seek(0, 2)

    def read(self, offset, length):
        """Up to `length` bytes: fewer only at the end of the file."""
        self.file.seek(offset)
        return self.file.read(length)

    def ends_in_zeros(self, offset):
        """Is there at least one byte from here on, and every one of them zero?"""
        begin, length = offset, BLOCK.size
        while offset < self.size:
            part = self.read(offset, length)
            if part.strip(b"\0"):
                return False
            offset += len(part)
            # Few bytes tell of most blocks that they are no zeros; only real zeros are read on.
            length = ZEROS_AT_ONCE
        return begin < self.size


def read_header(source):
    """HEADER in the page's order: the magic, then the CRC, then the version, then the rest."""
    if source.size > LIMITS["TAPE_BYTES_MAX"]:
        raise Refused(f"{source.size} bytes, above TAPE_BYTES_MAX {LIMITS['TAPE_BYTES_MAX']}")
    raw = source.read(0, HEADER_PROMISED.size)
    if len(raw) < HEADER_PROMISED.size:
        raise Refused(f"no tape: {len(raw)} bytes, a header has {HEADER.size}")
    skippable, size, magic, major, minor = HEADER_PROMISED.unpack(raw)
    if (skippable, magic) != (SKIPPABLE_MAGIC, TAPE_MAGIC):
        raise Refused(f"no tape: it begins with {raw[:16].hex()}")
    whole = size + SKIPPABLE_BYTES
    if not HEADER_PROMISED.size + CRC_BYTES <= whole <= LIMITS["HEADER_BYTES_MAX"]:
        raise Refused(f"damaged header: at byte 4 it says {size} bytes")
    raw = source.read(0, whole)
    if len(raw) < whole:
        raise Refused(f"damaged header: {len(raw)} bytes of {whole}")
    found, expected = crc_of(raw)
    if found != expected:
        raise Refused(f"damaged header: its CRC32C is {found:#010x}, it says {expected:#010x}")
    if major != MAJOR:
        raise Refused(f"a tape of version {major}.{minor}; this reads {MAJOR}.x")
    length = int.from_bytes(raw[36:40], "little")
    if (whole, length) != (HEADER.size, HEADER.size):
        raise Refused(f"damaged header: {whole} bytes long, and says {length} at byte 36, not 44")
    return Header(minor, raw[20:36], raw)


def unpack_block(offset, raw):
    """A block header's fields as they stand: step 1 is left to the caller."""
    fields = BLOCK.unpack(raw)
    return Block(offset, *fields[3:12], raw)


def read_block_header(source, offset, sequence, first_frame):
    """Steps 1 and 2: the CRC of a block header, then its constants and limits."""
    raw = source.read(offset, BLOCK.size)
    if len(raw) < BLOCK.size:
        raise Cut(offset, f"the bytes end inside a block header, after {len(raw)} of {BLOCK.size}")
    found, expected = crc_of(raw)
    if found != expected:
        raise Damaged(
            offset,
            f"the CRC32C of the block header is {found:#010x}, at byte {offset + 80} "
            f"stands {expected:#010x}",
        )
    block = unpack_block(offset, raw)
    check_constants(block, BLOCK.unpack(raw)[:3])
    check_places(block, sequence, first_frame)
    return block


def refuse_unless(right, block, place, what, found, expected):
    if not right:
        raise Damaged(
            block.offset + place,
            f"{block.name}: {what} at byte {block.offset + place} is {found}, expected {expected}",
        )


def check_constants(block, magics):
    promised = (SKIPPABLE_MAGIC, BLOCK.size - SKIPPABLE_BYTES, BLOCK_MAGIC)
    refuse_unless(magics == promised, block, 0, "magic and size", magics, promised)
    schema_is_right = block.schema == meaning.SCHEMA or block.kind not in meaning.NEVER_SKIPPED
    refuse_unless(schema_is_right, block, 14, "schema", block.schema, meaning.SCHEMA)
    count_max = LIMITS["FRAMES_PER_BLOCK_MAX"] if block.kind == meaning.FRAMES else 0
    archive_max = meaning.archive_bytes_max(block.kind)
    compressed_max = meaning.compressed_bytes_max(block.kind)
    for place, what, number, limit in (
        (16, "sequence", block.sequence, LIMITS["BLOCKS_MAX"]),
        (32, "frame count", block.frame_count, count_max),
        (36, "compressed length", block.compressed_length, compressed_max),
        (40, "uncompressed length", block.uncompressed_length, archive_max),
    ):
        refuse_unless(number <= limit, block, place, what, number, f"at most {limit}")


def check_places(block, sequence, first_frame):
    """The sequence and the first frame fit the blocks before."""
    refuse_unless(block.sequence == sequence, block, 16, "sequence", block.sequence, sequence)
    fits = block.first_frame == first_frame
    refuse_unless(fits, block, 24, "first frame", block.first_frame, first_frame)


def read_payload(source, block):
    """Steps 3 and 4: the CRC of the payload, then one zstd frame of the promised lengths."""
    begin = block.offset + BLOCK.size
    payload = source.read(begin, block.compressed_length)
    if len(payload) < block.compressed_length:
        raise Cut(
            block.offset,
            f"{block.name}: the bytes end inside the payload, "
            f"after {len(payload)} of {block.compressed_length}",
        )
    found = crc32c(payload)
    if found != block.payload_crc:
        raise Damaged(
            begin,
            f"{block.name}: the CRC32C of bytes {begin} to {block.end} is {found:#010x}, "
            f"promised {block.payload_crc:#010x}",
        )
    try:
        return payload, decompress(payload, block.uncompressed_length)
    except (ValueError, zstandard.ZstdError) as error:
        raise Damaged(begin, f"{block.name}: zstd at byte {begin}: {error}") from None


def decompress(payload, length):
    """Opens exactly one zstd frame, which must say itself that it holds `length` bytes."""
    content, content_begin, has_checksum = zstd_frame_header(payload)
    if content != length:
        raise ValueError(f"the frame holds {content} bytes, the block header promises {length}")
    end = zstd_frame_end(payload, content_begin, has_checksum)
    if end != len(payload):
        raise ValueError(f"the frame is {end} bytes long, the payload {len(payload)}")
    # A frame that opens to more or less than it says is an error of zstd's own.
    return zstandard.ZstdDecompressor().decompress(payload, max_output_size=length)


def zstd_frame_header(payload):
    """Content size, where the zstd blocks begin and whether a checksum follows them (RFC 8878)."""
    if payload[:4] != ZSTD_MAGIC or len(payload) < 6:
        raise ValueError(f"no frame: it begins with {payload[:6].hex()}")
    descriptor = payload[4]
    is_single_segment = bool(descriptor & 0x20)
    dictionary_bytes = (0, 1, 2, 4)[descriptor & 3]
    content_bytes = (1 if is_single_segment else 0, 2, 4, 8)[descriptor >> 6]
    dictionary_begin = 5 if is_single_segment else 6
    content_begin = dictionary_begin + dictionary_bytes
    end = content_begin + content_bytes
    if end > len(payload):
        raise ValueError(f"the frame's header ends after {len(payload)} of {end} bytes")
    dictionary = payload[dictionary_begin:content_begin]
    if any(dictionary):
        raise ValueError(f"the frame uses dictionary {dictionary.hex()}")
    if content_bytes == 0:
        raise ValueError("the frame has no content size")
    content = int.from_bytes(payload[content_begin:end], "little")
    # Two bytes count from 256 on: smaller sizes have one byte.
    return content + (256 if content_bytes == 2 else 0), end, bool(descriptor & 4)


def zstd_frame_end(payload, position, has_checksum):
    """Where the frame ends, from the headers of its zstd blocks alone: nothing is opened yet."""
    is_last = False
    while not is_last:
        if position + 3 > len(payload):
            raise ValueError(f"the frame goes on after the payload's {len(payload)} bytes")
        header = int.from_bytes(payload[position : position + 3], "little")
        is_last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        # A run-length block has one byte for any size.
        position += 3 + (1 if kind == 1 else size)
    return position + (4 if has_checksum else 0)


def read_footer(source, offset, play_root, index_offset, end_offset):
    """FOOTER, which must say what the blocks said, and after which nothing may come."""
    raw = source.read(offset, FOOTER.size)
    if len(raw) < FOOTER.size:
        raise Cut(offset, f"the bytes end inside the footer, after {len(raw)} of {FOOTER.size}")
    found, expected = crc_of(raw)
    if found != expected:
        raise Damaged(
            offset, f"the CRC32C of the footer is {found:#010x}, it says {expected:#010x}"
        )
    skippable, size, magic, index, end, root, _ = FOOTER.unpack(raw)
    for place, what, found, expected in (
        (0, "magic and size", (skippable, size, magic), (SKIPPABLE_MAGIC, 56, FOOTER_MAGIC)),
        (12, "index offset", index, index_offset),
        (20, "end offset", end, end_offset),
        (28, "play root", root.hex(), play_root.hex()),
    ):
        if found != expected:
            raise Damaged(
                offset + place, f"the footer's {what} is {found}, expected {expected}"
            )
    if source.size > offset + FOOTER.size:
        raise Damaged(
            offset + FOOTER.size,
            f"{source.size - offset - FOOTER.size} bytes follow the footer",
        )
