"""Damages and cuts a small tape everywhere, and demands that its reader is never misled.

The page says: changing any one byte of a tape makes it damaged, cut or refused, never different. It
names no byte that does not matter, so there is no exception here either.
"""

import io
import time
from functools import lru_cache

from reader import assemble, blocks, meaning, plants
from reader.plants import REFUSED
from reader.tape import CLOSED, CUT, DAMAGED, Refused, play_root_after, play_root_before, read_tape

# Blocks of a tape that a reading sums again and again; a damaged piece is seen once.
CRCS_KEPT = 64
ZERO_STEP = 16


class SelfTestError(Exception):
    """What the reader did, and to what."""


class Original:
    """The undamaged tape: its frames, the play root after each number of them, and its blocks."""

    def __init__(self, data):
        self.data = data
        self.tape = read_tape(io.BytesIO(data), keep_frames=True)
        if self.tape.ending != CLOSED:
            raise SelfTestError(f"the self-test needs a whole tape: {self.tape.findings}")
        self.roots = [play_root_before(self.tape.config)]
        for frame in self.tape.frames:
            picture, state = frame.picture_digest, frame.state_sum
            self.roots.append(play_root_after(self.roots[-1], frame.action, picture, state))
        self.blocks = [
            blocks.unpack_block(offset, data[offset : offset + blocks.BLOCK.size])
            for offset in self.tape.offsets
        ]

    def after_flip(self, position):
        """How the tape ends when a bit of this byte is flipped, and how many frames are left."""
        if position < self.blocks[0].offset:
            return REFUSED, 0
        # The second CONFIG stands in for the first, so nothing but its own bytes is lost.
        if position < self.blocks[0].end or position >= self.blocks[-1].end:
            return DAMAGED, len(self.tape.frames)
        hit = next(block for block in self.blocks if position < block.end)
        return DAMAGED, hit.first_frame

    def after_cut(self, length):
        """The same when the file ends after so many bytes, in a block or between two."""
        if length < self.blocks[0].end:
            return REFUSED, 0
        whole = [block for block in self.blocks if block.end <= length]
        return CUT, whole[-1].first_frame + whole[-1].frame_count

    def after_zeros(self, position):
        """The same when all is zero from here on: cut between blocks, damage inside of one."""
        ending, frames = self.after_flip(position)
        ends = [block.end for block in self.blocks]
        if ending == REFUSED or position < ends[0]:
            return REFUSED, 0
        return (CUT, self.after_cut(position)[1]) if position in ends else (ending, frames)


def judge(what, original, data, expected):
    """Reads damaged bytes and compares: the ending, and every frame, with the undamaged tape's."""
    try:
        tape = read_tape(io.BytesIO(data), keep_frames=True)
    except Refused:
        if expected != (REFUSED, 0):
            raise SelfTestError(f"{what}: refused, expected {expected}") from None
        return
    except Exception as error:
        raise SelfTestError(f"{what}: {type(error).__name__}: {error}") from error
    found = (tape.ending, len(tape.frames))
    if found != expected or found[1] != tape.frame_count:
        raise SelfTestError(f"{what}: {found}, expected {expected}: {tape.findings}")
    if tape.frames != original.tape.frames[: found[1]] or tape.config != original.tape.config:
        raise SelfTestError(f"{what}: what was read differs from the undamaged tape")
    if tape.play_root != original.roots[found[1]]:
        raise SelfTestError(f"{what}: play root {tape.play_root.hex()}")


def flip(original, step):
    """One bit of every byte, another one from byte to byte."""
    data = bytearray(original.data)
    for position in range(0, len(data), step):
        data[position] ^= 1 << position % 8
        judge(f"bit flipped at byte {position}", original, data, original.after_flip(position))
        data[position] ^= 1 << position % 8


def cut(original, step):
    for length in range(0, len(original.data), step):
        what = f"cut after {length} bytes"
        judge(what, original, original.data[:length], original.after_cut(length))


def zero(original, step):
    """A file system may leave zeros. Inside of blocks they are damage like any other, so few of
    those places are tried, and all ends of blocks."""
    inside = range(0, len(original.data), step * ZERO_STEP)
    positions = set(inside) | {block.end for block in original.blocks}
    for position in sorted(positions):
        data = original.data[:position] + bytes(len(original.data) - position)
        if data == original.data:
            continue
        judge(f"zeros from byte {position}", original, data, original.after_zeros(position))


def check_plants():
    """Faults with right checksums; returns how many."""
    count = 0
    for plant in plants.all_plants():
        try:
            tape = read_tape(io.BytesIO(plant.data), keep_frames=True)
            found, finding = (tape.ending, len(tape.frames)), str(tape.findings)
        except Refused as refusal:
            found, finding = (REFUSED, 0), str(refusal)
        except Exception as error:
            raise SelfTestError(f"{plant.what}: {type(error).__name__}: {error}") from error
        if found != (plant.ending, plant.frames) or plant.words not in finding:
            wanted = (plant.ending, plant.frames, plant.words)
            raise SelfTestError(f"planted {plant.what}: {found} {finding}, expected {wanted}")
        count += 1
    return count


def check_archives():
    """Archives that were written wrong and sealed right may say anything, and raise nothing."""
    garden = plants.Garden()
    count = 0
    for part, head in zip(garden.parts, garden.heads):
        values = part.values or assemble.index_values(garden.heads[: head.sequence])
        archive = assemble.archive_of(meaning.KINDS[part.kind][0], values)
        for position in range(len(archive)):
            changed = bytearray(archive)
            changed[position] ^= 1 << position % 8
            data = garden.with_part(head.sequence, archive=bytes(changed))
            try:
                read_tape(io.BytesIO(data))
            except Refused:
                pass
            except Exception as error:
                what = f"{head.name}: byte {position} of its archive changed"
                raise SelfTestError(f"{what}: {type(error).__name__}: {error}") from error
            count += 1
    return count


def run(path, step):
    """Returns the exit code 0, or raises at the first thing that is wrong."""
    started = time.monotonic()
    with open(path, "rb") as file:
        data = file.read()
    plain_crc32c = blocks.crc32c
    # Only the self-test reads the same bytes thousands of times.
    blocks.crc32c = lru_cache(CRCS_KEPT)(plain_crc32c)
    try:
        planted = check_plants() + check_archives()
        original = Original(data)
        for damage in (flip, cut, zero):
            damage(original, step)
    finally:
        blocks.crc32c = plain_crc32c
    seconds = time.monotonic() - started
    print(
        f"{path}: {len(data)} bytes, a bit flipped and the file cut at every byte in steps of "
        f"{step}, zeros in steps of {step * ZERO_STEP}, {planted} planted faults: never misled "
        f"({seconds:.0f} s)"
    )
    return 0
