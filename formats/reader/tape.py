"""Reads a whole session file by formats/session.md: blocks in file order, to the last whole one.

`read_tape` never raises for bytes that are a tape, however they end: the Tape says how they end and
holds what came whole before that. It raises Refused for what is no readable tape at all. Every rule
of the page is checked, the chain of blocks too, which the page leaves to those who ask for it. What
RESUME says of another tape is compared where it can be, and shown; the page calls it no damage.
"""

import struct
from array import array
from collections import Counter, deque
from dataclasses import dataclass, field

import blake3

from reader import archives, blocks, meaning
from reader.blocks import Cut, Damaged, Refused
from reader.meaning import LIMITS, MeaningError

ROOT_CONTEXT = "worldtape 1 play root"
ROOT_FRAME = blake3.blake3(derive_key_context="worldtape 1 play root frame")
CLOSED, CUT, DAMAGED = "closed", "cut", "damaged"


@dataclass(slots=True)
class Frame:
    """What the player did for a frame, and what it came to; times since the session's start."""

    number: int
    action: int
    picture_digest: bytes
    state_sum: int
    action_us: int
    outcome_us: int


@dataclass
class Tape:
    """What a tape says as far as it is whole, and how it ends."""

    header: blocks.Header
    config: dict = None
    machines: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    checkpoints: list = field(default_factory=list)
    resumes: list = field(default_factory=list)
    skipped: list = field(default_factory=list)
    # Whole blocks by their first byte, in file order.
    offsets: array = field(default_factory=lambda: array("Q"))
    action_count: int = 0
    frame_count: int = 0
    frames: list = field(default_factory=list)
    play_root: bytes = None
    ending: str = CLOSED
    # What is wrong, as (byte offset, text): a damaged first CONFIG, and what ended the reading.
    findings: list = field(default_factory=list)
    # Where the chain broke or could not be followed; empty where it holds.
    chain_finding: str = ""


def text_of(raw):
    return struct.pack("<I", len(raw)) + raw


def canonical_config(config):
    """CONFIG as the play root sees it: of its fields, not of its archive."""
    names = [name.encode() for name in config["action_names"]]
    levels = config["noise_levels"]
    return b"".join(
        (
            config["world_digest"],
            text_of(config["world_name"].encode()),
            text_of(config["arithmetic"].encode()),
            struct.pack("<QII", config["seed"], config["prompt"], config["passes"]),
            struct.pack(f"<I{len(levels)}I", len(levels), *levels),
            struct.pack("<II", config["picture_width"], config["picture_height"]),
            struct.pack("<II", config["frames_per_second_milli"], len(names)),
            *map(text_of, names),
        )
    )


def play_root_before(config):
    """The play root before frame 0."""
    return blake3.blake3(canonical_config(config), derive_key_context=ROOT_CONTEXT).digest()


def play_root_after(root, action, picture_digest, state_sum):
    hasher = ROOT_FRAME.copy()
    hasher.update(root + struct.pack("<H32sQ", action, picture_digest, state_sum))
    return hasher.digest()


def read_tape(file, keep_frames=False):
    """Reads a seekable file of bytes. Frames are counted; they are kept only when asked for."""
    source = blocks.Source(file)
    reader = Reader(source, blocks.read_header(source), keep_frames)
    reader.read_first_config()
    try:
        while not reader.is_closed:
            reader.read_next()
        reader.read_footer()
    except Damaged as problem:
        reader.end(DAMAGED, problem)
    except Cut as problem:
        reader.end(CUT, problem)
    return reader.tape


class Reader:
    """Where a reading stands: what the next block must fit."""

    def __init__(self, source, header, keep_frames):
        self.source = source
        self.tape = Tape(header)
        self.keep_frames = keep_frames
        self.position = blocks.HEADER.size
        self.sequence = 0
        self.chain = blocks.chain_of(header.raw)
        self.is_closed = False
        self.index_offset = 0
        self.end_offset = 0
        self.blocks_of_kind = Counter()
        self.state_bytes = 0
        self.note_bytes = 0
        self.action_us = 0
        self.outcome_us = 0
        # Actions that still wait for their outcome, with their times.
        self.waiting = deque()
        self.before_last = None
        self.handlers = {
            meaning.CONFIG: self.take_config,
            meaning.MACHINE: self.take_machine,
            meaning.FRAMES: self.take_frames,
            meaning.RESUME: self.take_resume,
            meaning.CHECKPOINT: self.take_checkpoint,
            meaning.NOTE: self.take_note,
            meaning.INDEX: self.take_index,
            meaning.END: self.take_end,
        }

    def end(self, ending, problem):
        """A tape that was damaged in its first CONFIG stays damaged, however it ends."""
        self.tape.ending = DAMAGED if self.tape.findings else ending
        self.tape.findings.append((problem.offset, problem.message))

    def read_first_config(self):
        """Block 0, or block 1 when block 0 is damaged: nothing means anything without CONFIG."""
        try:
            self.read_next()
            return
        except Cut as problem:
            first = problem
        second = self.find_second_config()
        if second is None:
            raise Refused(f"no readable CONFIG: {first.message}") from None
        self.tape.offsets.append(self.position)
        self.position, self.sequence, self.chain = second, 1, None
        try:
            self.read_next()
        except Cut as problem:
            raise Refused(f"no readable CONFIG: {first.message}; {problem.message}") from None
        self.tape.ending = DAMAGED
        self.tape.findings.append((first.offset, first.message))
        self.tape.chain_finding = "not followed before block 1, for block 0 is damaged"

    def find_second_config(self):
        """The byte where a block header with a right CRC, kind 1 and sequence 1 begins."""
        begin, size = blocks.HEADER.size, blocks.BLOCK.size
        # The first CONFIG is no longer than its limits, so the second lies no further away.
        length = 2 * size + meaning.compressed_bytes_max(meaning.CONFIG)
        window = self.source.read(begin, length)
        magics = struct.pack("<II", blocks.SKIPPABLE_MAGIC, size - 8) + blocks.BLOCK_MAGIC
        place = window.find(magics)
        while place != -1:
            raw = window[place : place + size]
            if len(raw) == size and len(set(blocks.crc_of(raw))) == 1:
                block = blocks.unpack_block(begin + place, raw)
                if (block.kind, block.sequence) == (meaning.CONFIG, 1):
                    return block.offset
            place = window.find(magics, place + 1)
        return None

    def read_next(self):
        """One block, in the page's order: each step sees only what the one before vouched for."""
        tape, source = self.tape, self.source
        if self.position >= source.size:
            raise Cut(self.position, f"the bytes end after block {self.sequence - 1}, no END")
        if source.ends_in_zeros(self.position):
            raise Cut(self.position, "there are only zeros up to the end of the file")
        block = blocks.read_block_header(source, self.position, self.sequence, tape.frame_count)
        self.check_order(block)
        self.check_chain(block)
        payload, archive = blocks.read_payload(source, block)
        before = self.snapshot()
        self.take(block, memoryview(archive))
        tape.offsets.append(block.offset)
        self.before_last = before
        self.chain = blocks.chain_of(block.raw + payload)
        self.position = block.end
        self.sequence += 1

    def check_order(self, block):
        """The page's line of what may follow what."""
        kind = block.kind
        if block.sequence < 2:
            right, wanted = kind == meaning.CONFIG, "CONFIG is wanted"
        elif block.sequence == 2:
            right, wanted = kind == meaning.MACHINE, "MACHINE is wanted"
        elif self.index_offset:
            right, wanted = kind == meaning.END, "END is wanted after INDEX"
        else:
            right, wanted = kind != meaning.CONFIG, "CONFIG is for blocks 0 and 1"
        blocks.refuse_unless(right, block, 12, "kind", kind, f"another: {wanted}")
        limit = meaning.BLOCKS_OF_KIND_MAX.get(kind)
        count = self.blocks_of_kind[kind] + 1
        right = limit is None or count <= LIMITS[limit]
        blocks.refuse_unless(right, block, 12, "block of this kind", count, f"at most {limit}")

    def check_chain(self, block):
        """The chain names the block before: where it breaks, that one is not what it was."""
        if self.chain in (None, block.chain):
            return
        offset = self.tape.offsets[-1] if self.tape.offsets else 0
        message = (
            f"{block.name}: the chain at byte {block.offset + 44} is {block.chain.hex()}, "
            f"of bytes {offset} to {block.offset} it would be {self.chain.hex()}"
        )
        if self.before_last is None:
            raise Refused(f"damaged header: {message}")
        self.restore(self.before_last)
        self.tape.chain_finding = f"broken between blocks {block.sequence - 1} and {block.sequence}"
        raise Damaged(offset, message)

    def snapshot(self):
        """What a block adds to: the lengths of the lists, and the numbers."""
        tape = self.tape
        growing = (tape.machines, tape.notes, tape.checkpoints, tape.resumes, tape.skipped)
        lengths = [(part, len(part)) for part in (*growing, tape.frames)]
        return lengths, tape.config, tape.action_count, tape.frame_count, tape.play_root

    def restore(self, snapshot):
        """Back to what stood before a block. Used only when nothing is read after it."""
        lengths, *others = snapshot
        for part, length in lengths:
            del part[length:]
        tape = self.tape
        tape.config, tape.action_count, tape.frame_count, tape.play_root = others

    def take(self, block, archive):
        """Steps 5 and 6 of one block; a block of an unknown kind or schema is only counted."""
        self.blocks_of_kind[block.kind] += 1
        if block.kind == meaning.INDEX:
            self.index_offset = block.offset
        if not block.is_known:
            self.tape.skipped.append(block)
            return
        try:
            record = archives.read_record(meaning.KINDS[block.kind][0], archive)
            self.handlers[block.kind](block, meaning.CHECKS[block.kind](record))
        except archives.ArchiveError as error:
            raise Damaged(
                block.offset + blocks.BLOCK.size,
                f"{block.name}: at byte {error.position} of the archive: {error.message}",
            ) from None
        except MeaningError as error:
            raise Damaged(block.offset + blocks.BLOCK.size, f"{block.name}: {error}") from None

    def take_config(self, _, record):
        if self.tape.config is None:
            self.tape.config = record
            self.tape.play_root = play_root_before(record)
        for name, value in record.items():
            meaning.equal(f"{name} of the second CONFIG", value, self.tape.config[name])

    def take_machine(self, block, record):
        self.tape.machines.append(record | {"first_frame": block.first_frame})

    def take_frames(self, block, record):
        tape = self.tape
        actions, outcomes = record["actions"], record["picture_digests"]
        meaning.equal("frame of the first action", record["first_action_frame"], tape.action_count)
        meaning.equal(
            "frame of the first outcome", record["first_outcome_frame"], tape.frame_count
        )
        meaning.equal("number of outcomes", len(outcomes), block.frame_count)
        meaning.at_most("number of actions", tape.action_count + len(actions), "FRAMES_MAX")
        if tape.frame_count + len(outcomes) > tape.action_count + len(actions):
            raise MeaningError(
                f"{tape.frame_count + len(outcomes)} outcomes of "
                f"{tape.action_count + len(actions)} actions"
            )
        for action, delta_us in zip(actions, record["action_delta_us"]):
            self.action_us += delta_us
            self.waiting.append((action, self.action_us))
        for outcome in zip(outcomes, record["state_sums"], record["outcome_delta_us"]):
            self.take_outcome(*outcome)
        tape.action_count += len(actions)

    def take_outcome(self, picture_digest, state_sum, delta_us):
        tape = self.tape
        action, action_us = self.waiting.popleft()
        self.outcome_us += delta_us
        tape.play_root = play_root_after(tape.play_root, action, picture_digest, state_sum)
        if self.keep_frames:
            frame = (tape.frame_count, action, picture_digest, state_sum, action_us)
            tape.frames.append(Frame(*frame, self.outcome_us))
        tape.frame_count += 1
        for resume in tape.resumes:
            self.compare_resume(resume)

    def take_resume(self, _, record):
        resume = record | {"root_agrees": None}
        self.tape.resumes.append(resume)
        self.compare_resume(resume)

    def compare_resume(self, resume):
        """The root of the frames copied is this tape's too; known while they are the last read."""
        if resume["source_frame"] == self.tape.frame_count:
            resume["root_agrees"] = resume["source_root"] == self.tape.play_root

    def take_checkpoint(self, _, record):
        state_bytes = len(record["state"])
        self.state_bytes += state_bytes
        meaning.at_most("bytes of all states", self.state_bytes, "STATES_BYTES_MAX")
        self.tape.checkpoints.append(record | {"state": state_bytes})

    def take_note(self, _, record):
        self.note_bytes += len(record["text"].encode())
        meaning.at_most("bytes of all notes", self.note_bytes, "NOTES_BYTES_MAX")
        self.tape.notes.append(record)

    def take_index(self, _, record):
        """Every entry is a block of the tape, and none is left out but by the page's rule."""
        sequences = [entry["sequence"] for entry in record["entries"]]
        step = sequences[1] if len(sequences) > 1 else 1
        is_power_of_two = step > 0 and step & (step - 1) == 0
        if not is_power_of_two or (step > 1 and self.sequence < LIMITS["INDEX_ENTRIES_MAX"]):
            raise MeaningError(f"entry 1 is of block {step}, expected of block 1")
        wanted = range(0, self.sequence, step)
        meaning.equal("number of entries", len(sequences), len(wanted))
        for number, (entry, sequence) in enumerate(zip(record["entries"], wanted)):
            meaning.equal(f"entry {number}", entry, self.index_entry(sequence))

    def index_entry(self, sequence):
        """What the entry of a block must be."""
        offset = self.tape.offsets[sequence]
        names = [name for name, _ in archives.RECORDS["INDEX ENTRY"]]
        if sequence == 0:
            # Known by its place alone, for it may be the damaged one.
            numbers = (offset, 0, 0, 0, meaning.CONFIG, meaning.SCHEMA)
            return dict(zip(names, numbers))
        block = blocks.unpack_block(offset, self.source.read(offset, blocks.BLOCK.size))
        return {name: getattr(block, name) for name in names}

    def take_end(self, block, record):
        """A reader recomputes all four."""
        tape = self.tape
        meaning.equal("total of outcomes", record["frames"], tape.frame_count)
        meaning.equal("total of actions", record["actions"], tape.action_count)
        meaning.equal("play root", record["play_root"].hex(), tape.play_root.hex())
        meaning.equal("number of blocks before", record["blocks"], self.sequence)
        self.is_closed = True
        self.end_offset = block.offset

    def read_footer(self):
        if self.source.ends_in_zeros(self.position):
            raise Cut(self.position, "there are only zeros after END, no footer")
        blocks.read_footer(
            self.source, self.position, self.tape.play_root, self.index_offset, self.end_offset
        )
