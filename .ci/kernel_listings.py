"""Reads both listings of a compiled kernel, PTX and machine code; judges each instruction."""

import collections
import re

from kernel_rules import UNREADABLE, Finding, Instruction, expansion, judge_ptx, judge_sass

PTX_FUNCTION = re.compile(r"\.(entry|func)\s+(?:\([^)]*\)\s*)?([\w$]+)\s*\(")
PTX_INSTRUCTION = re.compile(
    r"(?:@!?[%\w$]+\s+)?([a-z][a-z0-9_]*(?:(?:\.|::)\w+)*)(?:\s+|$)(.*)", re.S
)
PTX_LABEL = re.compile(r"^\s*[$\w]+:(?!:)", re.M)

SASS_SECTION = re.compile(r"^\s*\.section\s+\.text\.([\w$.]+)")
SASS_LINE = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+\S")
SASS_INSTRUCTION = re.compile(
    r"^\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)\s*(.*?)\s*;"
)


def ptx_instructions(text):
    """The instructions of a stretch of PTX, those of inline assembly too."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    for piece in re.split(r"[;\n]", PTX_LABEL.sub("", text)):
        piece = piece.strip().lstrip("{} \t")
        # A hand may write `add .f32`; a directive begins with the dot.
        found = PTX_INSTRUCTION.match(re.sub(r"(?<=[a-z])\s+\.(?=[a-z])", ".", piece))
        if found:
            yield Instruction(found.group(1), " ".join(found.group(2).split()))


def ptx_functions(ptx):
    """The instructions of each function, and the names of those that are kernels."""
    heads = list(PTX_FUNCTION.finditer(ptx))
    ends = [head.start() for head in heads[1:]] + [len(ptx)]
    functions, kernels = collections.defaultdict(list), []
    for head, end in zip(heads, ends):
        functions[head.group(2)].extend(ptx_instructions(ptx[head.end() : end]))
        if head.group(1) == "entry":
            kernels.append(head.group(2))
    return functions, kernels


def sass_functions(listing):
    """The instructions of each section of machine code; None for a line that is not understood."""
    functions, name = collections.defaultdict(list), ""
    for line in listing.splitlines():
        section = SASS_SECTION.match(line)
        if section:
            name = section.group(1)
        elif SASS_LINE.match(line):
            found = SASS_INSTRUCTION.match(line)
            functions[name].append((line.strip(), found and Instruction(*found.groups())))
    return functions


def findings(ptx, listing, family):
    """Every instruction of a compiled family that breaks a rule, both codes."""
    functions, kernels = ptx_functions(ptx)
    for name, instructions in functions.items():
        for instruction in instructions:
            rule = judge_ptx(instruction, family)
            if rule:
                yield Finding("PTX", name, rule, str(instruction))
    # A kernel's machine code may hold what it calls: functions that were not inlined count for all.
    shared = {
        expansion(instruction)
        for name, instructions in functions.items()
        if name not in kernels
        for instruction in instructions
    }
    machine = sass_functions(listing)
    for name in kernels:
        if not functions[name] or not machine.get(name):
            yield Finding("listing", name, UNREADABLE, "no instructions found")
    for name, lines in machine.items():
        written = shared | {expansion(instruction) for instruction in functions.get(name, ())}
        for line, instruction in lines:
            rule = judge_sass(instruction, family, written) if instruction else UNREADABLE
            if rule:
                yield Finding("SASS", name, rule, line if not instruction else str(instruction))
