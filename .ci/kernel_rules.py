"""The rules that compiled kernels are held to, in PTX and in machine code.

Both lists say what is allowed: an instruction on floats that stands in neither is refused. Nothing
on the path of a frame may round other than once to nearest, flush a subnormal, approximate, or add
floats in an order that the hardware picks (docs/arithmetic.md, section 1).
"""

import dataclasses
import re

APPROXIMATE = "approximate"
ATOMIC = "float atomic"
EXCHANGE = "compare and swap"
FLUSHED = "flushed subnormals"
FLOAT64 = "float64"
NARROW = "narrow float"
HALF = "float16 arithmetic"
ACCUMULATOR = "float16 accumulator"
ELSEWHERE = "float16 outside products"
EXTREME = "min or max of floats"
ROUNDING = "not rounded to nearest"
FUSED = "fused by the assembler"
UNLISTED = "unlisted float instruction"
UNREADABLE = "unreadable"

ADVICE = {
    APPROXIMATE: "use the functions of exact.cu; the hardware's own differ between chips",
    ATOMIC: "the order of the sum is left to the hardware; sum integers, or in the order written",
    EXCHANGE: "a loop around it adds floats in any order; use an integer add, min, max, and, or",
    FLUSHED: "subnormals are kept; leave .ftz out",
    FLOAT64: "exact-1 has no float64; write 1.0f, not 1.0",
    NARROW: "no tf32, bf16 or float8",
    HALF: "float16 is for storage and for the inputs of matrix products",
    ACCUMULATOR: "a matrix product over float16 accumulates in f32",
    ELSEWHERE: "matrix products over float16 and roundings to it stand in products.cu alone",
    EXTREME: "NaN and -0.0 follow other rules; select, or compare the bits as integers",
    ROUNDING: "write __fadd_rn, __fmul_rn, __fmaf_rn, __fdiv_rn, __fsqrt_rn; in assembly .rn",
    FUSED: "the PTX has no fma; see --fmad=false in options.txt",
    UNLISTED: "if its bits are the same everywhere, list it in kernel_rules.py, with the reason",
    UNREADABLE: "the reader of listings does not understand the text",
}

FLOAT_TYPE = re.compile(r"b?f\d+(x\d+)?|tf32|[su]?e\d+m\d+(x\d+)?")
PRODUCTS = "products"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One instruction that is refused: in which code, of which kernel, by which rule."""

    code: str
    kernel: str
    rule: str
    instruction: str

    def __str__(self):
        place = f"{self.code} of {self.kernel}"
        return f"{place}: {self.rule}: {self.instruction}\n    {ADVICE[self.rule]}"


@dataclasses.dataclass(frozen=True)
class Instruction:
    """An opcode with its modifiers, and its operands as they are written."""

    opcode: str
    operands: str

    def parts(self):
        """The opcode and its modifiers, in small letters."""
        return self.opcode.lower().split(".")

    def floats(self):
        """The types among the modifiers that are floats, in order."""
        return [part for part in self.parts()[1:] if FLOAT_TYPE.fullmatch(part)]

    def __str__(self):
        return f"{self.opcode} {self.operands}".strip()


# PTX. Compares, selects, moves and signs change no value; a conversion to an integer is exact or
# says how it rounds. float16 becomes float32 exactly.
PTX_ALLOWED = re.compile(
    r"(add|sub|mul|fma|div|sqrt|rcp)\.rn\.f32"
    r"|(abs|neg|copysign)\.f32"
    r"|setp\.[a-z]+(\.(and|or|xor))?\.f32|testp\.[a-z]+\.f32|selp\.f32"
    r"|mov\.f32|(ld|ldu|st)\.[a-z0-9_.:]+\.f32"
    r"|cvt\.rn\.f32\.[su](8|16|32|64)"
    r"|cvt\.r[nzmp]i\.(f32|[su](8|16|32|64))\.f32"
    r"|cvt\.f32\.f16"
)
# A difference of float16 takes the bias off int8 (1152 + q to q), which is exact.
PTX_ALLOWED_IN_PRODUCTS = re.compile(
    r"cvt\.rn\.f16\.(f32|[su](8|16|32))|cvt\.rn\.f16x2\.f32|sub\.rn\.f16x2"
)
PTX_APPROXIMATE = {"ex2", "lg2", "sin", "cos", "tanh"}
PTX_ROUNDED = {"add", "sub", "mul", "fma", "mad", "div", "sqrt", "rcp", "rsqrt"}


def judge_ptx(instruction, family):
    """The rule that an instruction of PTX breaks, or nothing."""
    parts, floats = instruction.parts(), instruction.floats()
    base = parts[0]
    if base in {"red", "atom", "multimem"} or parts[:2] == ["cp", "reduce"]:
        return ATOMIC if floats else EXCHANGE if "cas" in parts else None
    if base in PTX_APPROXIMATE or "approx" in parts or "full" in parts:
        return APPROXIMATE
    if "ftz" in parts:
        return FLUSHED
    if not floats:
        return None
    if base in {"mma", "wmma", "wgmma"}:
        return judge_ptx_product(parts, floats, family)
    if "f64" in floats:
        return FLOAT64
    if not set(floats) <= {"f32", "f16", "f16x2"}:
        return NARROW
    if base in {"min", "max"}:
        return None if is_select(instruction) else EXTREME
    if PTX_ALLOWED.fullmatch(instruction.opcode):
        return None
    if PTX_ALLOWED_IN_PRODUCTS.fullmatch(instruction.opcode):
        return None if family == PRODUCTS else ELSEWHERE
    if base in PTX_ROUNDED and "rn" not in parts:
        return ROUNDING
    return UNLISTED if set(floats) == {"f32"} else HALF


def judge_ptx_product(parts, floats, family):
    """mma names its types D A B C, wgmma D A B, wmma D C; wmma's loads and stores name one."""
    if "f64" in floats:
        return FLOAT64
    if not set(floats) <= {"f32", "f16"}:
        return NARROW
    if parts[:2] in (["wmma", "load"], ["wmma", "store"]):
        accumulators = floats if parts[2] in {"c", "d"} else []
    elif parts[0] == "wgmma":
        accumulators = floats[:1]
    else:
        accumulators = [floats[0], floats[-1]]
    if "f16" in accumulators:
        return ACCUMULATOR
    return None if family == PRODUCTS else ELSEWHERE


def is_select(instruction):
    """Whether a min or max is what NVRTC makes of a compare and a select against a literal.

    `x > 0.0f ? x : 0.0f` becomes `max.f32 x, 0`: against a literal the two mean the same, and a NaN
    gives the literal. Not so `x < 0.0f ? x : 0.0f`: NVRTC makes `min.f32 x, 0` of it, which by
    the specification of PTX keeps -0.0 where the select gives +0.0.
    """
    forbidden = {"max.f32": "0f80000000", "min.f32": "0f00000000"}.get(instruction.opcode)
    literals = re.findall(r"\b0f[0-9A-Fa-f]{8}\b", instruction.operands)
    return forbidden is not None and bool(literals) and forbidden not in literals


# Machine code. FADD with -RZ is how signs are set; HADD2.F32 with -RZ widens a float16; HFMA2 of
# two zero registers puts a constant into a register; FMNMX against a literal is a select (is_select
# above), with NAN one that keeps NaN, `x > 1.0f ? 1.0f : x` from sm_80 on; FADD.SAT with RZ is the
# two selects that keep x between 0 and 1. The rest are the instructions of PTX above.
SASS_ALLOWED = re.compile(
    r"FADD|FMUL|FSEL|FSETP\.[A-Z]+\.(AND|OR|XOR)"
    r"|FRND(\.(FLOOR|CEIL|TRUNC))?"
    r"|F2I(\.[SU](8|16|32|64))?(\.(FLOOR|CEIL|TRUNC))?(\.NTZ)?"
    r"|I2F(\.[SU](8|16|32|64))?|I2FP\.F32\.[SU]32"
    r"|I2F\.F16(\.[SU](8|16|32))?|F2F\.F16\.F32|F2FP(\.F16\.F32)?\.PACK_AB"
)
SASS_LITERAL = re.compile(r".*, (-?RZ|[-+]?\d[\d.e+-]*|[-+]INF)\s*, .*")
SASS_SPECIAL = {
    "HADD2.F32": re.compile(r"R\d+(\.reuse)?, (-RZ(\.H0_H0)?, .*|.*, -RZ(\.H0_H0)?)"),
    "HFMA2": re.compile(r"R\d+, -RZ, RZ, .*"),
    "HFMA2.MMA": re.compile(r"R\d+, -RZ, RZ, .*"),
    "FADD.SAT": re.compile(r".*-?RZ.*"),
    "FMNMX": SASS_LITERAL,
    "FMNMX.NAN": SASS_LITERAL,
}

# What the assembler itself writes for an instruction of PTX that has no machine instruction of its
# own: a seed, then steps that end in the correctly rounded result; the flushing ones only test the
# operands, set signs of NaNs, or scale what cannot be subnormal. As NVRTC 13.0.88 does with our
# options on sm_75, sm_80, sm_86, sm_90a. The seed of an integer division becomes an exact quotient.
FLUSHING_TESTS = {"FADD.FTZ", "FSETP.GEU.FTZ.AND", "FSETP.GTU.FTZ.AND", "FSETP.NEU.FTZ.AND"}
DIRECTED = {"FFMA.RM", "FFMA.RP"}
SASS_EXPANSIONS = {
    "fma.rn.f32": {"FFMA"},
    "sub.rn.f16x2": {"HADD2", "HFMA2", "HFMA2.MMA"},
    "div.rn.f32": {"FFMA", "FFMA.RZ", "FCHK", "MUFU.RCP", "MUFU.RSQ"} | DIRECTED | FLUSHING_TESTS,
    "rcp.rn.f32": {"FFMA", "MUFU.RCP"} | DIRECTED | FLUSHING_TESTS,
    "sqrt.rn.f32": {"FFMA", "FMUL.FTZ", "MUFU.RSQ"} | FLUSHING_TESTS,
    "integer division of 16 bits": {
        "I2F.U16.RZ", "I2FP.F32.U32.RZ", "MUFU.RCP", "FMUL.RZ",
    },
    "integer division": {
        "I2F.RP", "I2F.U32.RP", "I2F.U64.RP", "MUFU.RCP", "F2I.FTZ.U32.TRUNC.NTZ",
    },
}
SASS_FLOAT = re.compile(r"U?F(?!LO|ENCE)\w+|H\w+|D(?!EPBAR)\w+|U?(F2|I2F)\w*|MUFU|\w*MMA")
SASS_EXACT_PRODUCT = re.compile(r"(HMMA\.\d+|HGMMA\.\w+)\.F32")


def expansion(instruction):
    """The name under which SASS_EXPANSIONS knows an instruction of PTX."""
    parts = instruction.parts()
    if parts[0] in {"div", "rem"} and not instruction.floats():
        return "integer division" + (" of 16 bits" if parts[-1].endswith("16") else "")
    return instruction.opcode


def judge_sass(instruction, family, written):
    """The rule that a machine instruction breaks, or nothing; `written` is the kernel's PTX."""
    parts, floats = instruction.parts(), instruction.floats()
    base = instruction.opcode.split(".")[0]
    if re.match(r"U?RED(?!UX)|ATOM|UTMARED|UBLKRED", base):
        return ATOMIC if floats else None
    if not floats and not SASS_FLOAT.fullmatch(base):
        return None
    if base.endswith("MMA"):
        return judge_sass_product(instruction, floats, family)
    if base.startswith("D") or "f64" in floats:
        return FLOAT64
    if not set(floats) <= {"f32", "f16", "f16x2"}:
        return NARROW
    operands = SASS_SPECIAL.get(instruction.opcode)
    if SASS_ALLOWED.fullmatch(instruction.opcode):
        return None
    if operands and operands.fullmatch(instruction.operands):
        return None
    if any(instruction.opcode in SASS_EXPANSIONS.get(name, ()) for name in written):
        return None
    return refused_sass(base, parts)


def refused_sass(base, parts):
    """The rule of a machine instruction that nothing allows."""
    if base == "MUFU":
        return APPROXIMATE
    if "ftz" in parts:
        return FLUSHED
    if base in {"FMNMX", "HMNMX2"}:
        return EXTREME
    if base.startswith("H"):
        return HALF
    if {"rm", "rp", "rz"} & set(parts):
        return ROUNDING
    return FUSED if parts == ["ffma"] else UNLISTED


def judge_sass_product(instruction, floats, family):
    """Integers multiply exactly in any order; float16 into f32 is for products alone."""
    base = instruction.opcode.split(".")[0]
    if base == "DMMA":
        return FLOAT64
    if base in {"IMMA", "IGMMA", "BMMA", "BGMMA"} and not floats:
        return None
    if base not in {"HMMA", "HGMMA"} or not set(floats) <= {"f32", "f16"}:
        return NARROW
    if not SASS_EXACT_PRODUCT.fullmatch(instruction.opcode):
        return ACCUMULATOR
    return None if family == PRODUCTS else ELSEWHERE
