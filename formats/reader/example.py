"""Reads the worked example out of formats/session.md, and holds the reader's tables to the page's.

The page shows a tape in pieces, without its zstd frames. Each piece is read as it stands, and then
the whole tape is put together from them, read, and compared with every byte that the page shows.
"""

import io
import re

import zstandard

from reader import archives, assemble, blocks, meaning
from reader.assemble import Part
from reader.tape import CLOSED, canonical_config, play_root_after, play_root_before, read_tape

EXAMPLE_BYTES = 1147
# With another version the same archive may compress to other bytes, as the page says.
EXAMPLE_ZSTD = (1, 5, 7)


class ExampleError(Exception):
    """The page says one thing and the reader another."""


def demand(what, found, expected):
    if found != expected:
        found, expected = (
            part.hex(" ") if isinstance(part, bytes) else part for part in (found, expected)
        )
        raise ExampleError(f"{what}: read {found}, the page says {expected}")


def check_page(path):
    """Returns the exit code 0, or raises."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    tables = check_tables(page)
    pieces = {
        name: bytes.fromhex("".join(line.split("|")[0] for line in body.splitlines()))
        for name, body in re.findall(r"^```hex (\S+)\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    }
    try:
        roots = check_pieces(pieces)
        whole = check_whole(pieces, roots)
    except KeyError as missing:
        raise ExampleError(f"the page has no piece {missing}") from None
    print(
        f"{path}: {tables} tables and {len(pieces)} pieces of the worked example agree, "
        f"{whole} bytes, play root {roots[1].hex()[:4]}-{roots[1].hex()[4:8]}"
    )
    return 0


def rows_under(page, heading):
    """The cells of the first table after a heading."""
    match = re.search(rf"^#+ {heading}\n(?:[^|\n#].*\n|\n)*((?:\|.*\n)+)", page, re.MULTILINE)
    if match is None:
        raise ExampleError(f"the page has no table under '{heading}'")
    lines = match.group(1).splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def check_tables(page):
    """Layouts, kinds and limits: what the reader has copied, and what the page says."""
    for name, (fields, size, alignment) in archives.LAYOUTS.items():
        heading = rf"{name} \({size} bytes, alignment {alignment}\)"
        rows = [(int(row[0]), row[1], row[2]) for row in rows_under(page, heading)]
        wanted = [(offset, field, kind) for field, kind, offset, _ in fields]
        demand(f"layout of {name}", wanted, rows)
    for heading, structure in (
        (r"HEADER: 44 bytes, .*", blocks.HEADER),
        (r"BLOCK: 84 bytes, .*", blocks.BLOCK),
        (r"FOOTER: 64 bytes, .*", blocks.FOOTER),
    ):
        last = rows_under(page, heading)[-1]
        demand(f"{heading[:6]} ends with", (structure.size - 4, "crc"), (int(last[0]), last[1]))
    kinds = {int(row[0]): (row[1], int(row[2])) for row in rows_under(page, "Kinds")}
    demand("kinds", meaning.KINDS, kinds)
    limits = {row[0]: int(row[1]) for row in rows_under(page, "Limits")}
    demand("limits", meaning.LIMITS, limits)
    return len(archives.LAYOUTS) + 5


def check_pieces(pieces):
    """What each piece says by itself; returns the play roots before and after frame 0."""
    header = blocks.read_header(blocks.Source(io.BytesIO(pieces["header"])))
    first = blocks.unpack_block(blocks.HEADER.size, pieces["config-0-block-header"])
    demand("chain of block 0", blocks.chain_of(header.raw), first.chain)
    for name in ("config-0-block-header", "frames-3-block-header", "footer"):
        found, expected = blocks.crc_of(pieces[name])
        demand(f"CRC32C of {name}", f"{found:#010x}", f"{expected:#010x}")

    records = {}
    for name, kind in (
        ("config-0-archive", meaning.CONFIG),
        ("machine-2-archive", meaning.MACHINE),
        ("frames-3-archive", meaning.FRAMES),
        ("end-5-archive", meaning.END),
    ):
        record = archives.read_record(meaning.KINDS[kind][0], memoryview(pieces[name]))
        records[kind] = meaning.CHECKS[kind](record)

    config = records[meaning.CONFIG]
    before = play_root_before(config)
    demand("play root before frame 0", before, pieces["root-before"])
    frames = records[meaning.FRAMES]
    columns = (frames["actions"], frames["picture_digests"], frames["state_sums"])
    after = play_root_after(before, *(column[0] for column in columns))
    demand("play root after frame 0", after, pieces["root-after"])
    demand("canonical CONFIG", canonical_config(config), pieces["canonical-config"])
    end = records[meaning.END]
    demand("END", (end["frames"], end["actions"], end["blocks"]), (1, 2, 5))
    demand("play root of END", end["play_root"], after)
    return before, after


def check_whole(pieces, roots):
    """The tape itself: put together from the pieces, read, and compared with what is shown."""
    uuid = pieces["header"][20:36]
    config = Part(meaning.CONFIG, pieces["config-0-archive"])
    parts = [
        config,
        config,
        Part(meaning.MACHINE, pieces["machine-2-archive"]),
        Part(meaning.FRAMES, pieces["frames-3-archive"], frame_count=1),
        Part(meaning.INDEX),
        Part(meaning.END, pieces["end-5-archive"]),
    ]
    whole, heads = assemble.tape(assemble.header(uuid), parts, roots[1])
    read = read_tape(io.BytesIO(whole), keep_frames=True)
    demand("the tape put together", (read.ending, read.findings), (CLOSED, []))
    demand("its play root", read.play_root, roots[1])
    demand("header", whole[:44], pieces["header"])
    if zstandard.ZSTD_VERSION != EXAMPLE_ZSTD:
        print(f"zstd {zstandard.ZSTD_VERSION}: what depends on compressed bytes is not compared")
        return len(whole)
    for name, offset in (
        ("config-0-block-header", heads[0].offset),
        ("frames-3-block-header", heads[3].offset),
        ("footer", len(whole) - blocks.FOOTER.size),
    ):
        piece = pieces[name]
        demand(f"{name} at byte {offset}", whole[offset : offset + len(piece)], piece)
    demand("length", len(whole), EXAMPLE_BYTES)
    return len(whole)
