"""Planted kernels, at least one a rule: each must be refused by its rule, the clean ones accepted.

A plant stands in a kernel with `float x, y`, the arrays `f` (float), `i` (int), `u` (unsigned),
`w` (64 bits), `h` (16 bits), `b` (bytes), `d` (double) and room for a product of matrices in `c`
(float) and `a` (unsigned). Rules that no text of ours makes the compiler break are planted as lines
of a listing.
"""

import collections
import dataclasses

import kernel_rules as rules
from kernel_listings import findings
from kernel_rules import Instruction, judge_ptx, judge_sass

KERNEL = """
extern "C" __global__ void planted_NUMBER(float *f, int *i, unsigned *u, unsigned long long *w,
                                   unsigned short *h, unsigned char *b, double *d) {
    float x = f[0], y = f[1], r = 0.0f;
    float c[4] = {f[2], f[3], f[4], f[5]};
    unsigned a[4] = {u[0], u[1], u[2], u[3]};
    BODY
    f[0] = r; f[1] = c[0]; f[2] = c[1]; u[0] = a[0]; u[1] = a[1];
}
"""


@dataclasses.dataclass(frozen=True)
class Plant:
    """A body, and the rules that PTX and machine code break; none where it is clean."""

    body: str
    ptx: str = ""
    sass: str = ""
    family: str = "rows"
    only: tuple = ("sm_75", "sm_80", "sm_86", "sm_90a")
    without: str = ""


def assembly(text):
    """One instruction of PTX on the floats x and y, into r."""
    return f'asm volatile("{text} %0, %1, %2;" : "=f"(r) : "f"(x), "f"(y));'


def product_into_floats(types, shape="m16n8k8"):
    """A product of matrices with four f32 accumulators a thread."""
    return (
        f'asm volatile("mma.sync.aligned.{shape}.row.col.{types}'
        ' {%0,%1,%2,%3}, {%4,%5}, {%6}, {%0,%1,%2,%3};"'
        ' : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]));'
    )


def product_into_words(types, shape, operands):
    """A product of matrices with two accumulators a thread, in words."""
    return (
        f'asm volatile("mma.sync.aligned.{shape}.row.col.{types} {operands};"'
        ' : "+r"(a[0]), "+r"(a[1]) : "r"(a[2]), "r"(a[3]));'
    )


SINCE_80 = ("sm_80", "sm_86", "sm_90a")
FLOAT16 = product_into_floats("f32.f16.f16.f32")
INTEGERS = product_into_words("s32.s8.s8.s32", "m8n8k16", "{%0,%1}, {%2}, {%3}, {%0,%1}")
ACCUMULATED = product_into_words("f16.f16.f16.f16", "m16n8k8", "{%0,%1}, {%2,%3}, {%2}, {%0,%1}")
SEPARATE = '{ .reg .f32 t; mul.f32 t, %1, %2; add.f32 %0, t, %2; }'

REFUSED = [
    Plant("r = __expf(x);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = __logf(x);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = __sinf(x);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = __cosf(x);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = tanhf(x);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = expf(x);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = rsqrtf(x);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = __frsqrt_rn(x);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = __fdividef(x, y);", rules.APPROXIMATE, rules.APPROXIMATE),
    Plant(assembly("div.full.f32"), rules.APPROXIMATE, rules.APPROXIMATE),
    Plant("r = x / y;", rules.APPROXIMATE, rules.APPROXIMATE, without="--prec-div=true"),
    Plant("r = sqrtf(x);", rules.APPROXIMATE, rules.APPROXIMATE, without="--prec-sqrt=true"),
    Plant("r = x + y;", rules.FLUSHED, rules.FLUSHED, without="--ftz=false"),
    Plant(
        'asm volatile("fma.rn.ftz.f32 %0, %1, %2, %1;" : "=f"(r) : "f"(x), "f"(y));',
        rules.FLUSHED,
        rules.FLUSHED,
    ),
    Plant(assembly("add.f32"), rules.ROUNDING),
    Plant(assembly("add .f32"), rules.ROUNDING),
    Plant(assembly("sub.f32"), rules.ROUNDING),
    Plant(assembly("mul.f32"), rules.ROUNDING),
    Plant(assembly("mul.rz.f32"), rules.ROUNDING, rules.ROUNDING),
    Plant("r = __fadd_ru(x, y);", rules.ROUNDING, rules.ROUNDING),
    Plant("r = __fmaf_rz(x, y, x);", rules.ROUNDING, rules.ROUNDING),
    Plant(
        f'asm volatile("{SEPARATE}" : "=f"(r) : "f"(x), "f"(y));',
        rules.ROUNDING,
        rules.FUSED,
        without="--fmad=false",
    ),
    Plant("r = __saturatef(x + y);", rules.UNLISTED, rules.UNLISTED),
    Plant("r = x * 0.1;", rules.FLOAT64, rules.FLOAT64),
    Plant("r = x > 1e-3 ? x : y;", rules.FLOAT64, rules.FLOAT64),
    Plant("r = fmaxf(x, y);", rules.EXTREME, rules.EXTREME),
    Plant("r = fminf(x, y);", rules.EXTREME, rules.EXTREME),
    Plant("r = fminf(x, 0.0f);", rules.EXTREME),
    Plant("r = x < 0.0f ? x : 0.0f;", rules.EXTREME),
    Plant("atomicAdd(f, x);", rules.ATOMIC, rules.ATOMIC),
    Plant("r = atomicAdd(f + 9, x);", rules.ATOMIC, rules.ATOMIC),
    Plant("atomicAdd(d, 1.0);", rules.ATOMIC, rules.ATOMIC),
    Plant(
        'asm volatile("red.global.add.noftz.f16x2 [%0], %1;" :: "l"(u), "r"(a[0]) : "memory");',
        rules.ATOMIC,
        rules.ATOMIC,
    ),
    Plant("__shared__ float s; s = 0.0f; atomicAdd(&s, x); r = s;", rules.ATOMIC),
    Plant("atomicCAS(u + 9, a[1], a[2]);", rules.EXCHANGE),
    Plant(
        'asm volatile("add.rn.f16 %0, %1, %1;" : "=h"(h[0]) : "h"(h[1]));', rules.HALF, rules.HALF
    ),
    Plant('asm volatile("cvt.rn.f16.f32 %0, %1;" : "=h"(h[0]) : "f"(x));', rules.ELSEWHERE),
    Plant('asm volatile("sub.rn.f16x2 %0, %1, %1;" : "=r"(a[0]) : "r"(a[1]));', rules.ELSEWHERE),
    Plant(ACCUMULATED, rules.ACCUMULATOR, rules.ACCUMULATOR, "products"),
    Plant(FLOAT16, rules.ELSEWHERE, rules.ELSEWHERE, "attention"),
    Plant(
        product_into_floats("f32.bf16.bf16.f32"), rules.NARROW, rules.NARROW, "products", SINCE_80
    ),
    Plant(
        product_into_floats("f32.tf32.tf32.f32", "m16n8k4"),
        rules.NARROW,
        rules.NARROW,
        "products",
        SINCE_80,
    ),
    Plant(
        'asm volatile("cvt.rn.satfinite.e4m3x2.f32 %0, %1, %2;" : "=h"(h[0]) : "f"(x), "f"(y));',
        rules.NARROW,
        rules.NARROW,
        "products",
        ("sm_90a",),
    ),
]

CLEAN = [
    Plant("r = __fdiv_rn(x, y);"),
    Plant("r = __fdiv_rn(x, 127.0f) + __fdiv_rn(127.0f, y);"),
    Plant("r = x / y;"),
    Plant("r = 1.0f / x;"),
    Plant("r = __fsqrt_rn(x);"),
    Plant("r = sqrtf(x) - 1.0f / __fsqrt_rn(y);"),
    Plant("r = __fmaf_rn(x, y, c[0]);"),
    Plant("r = __fadd_rn(__fmul_rn(x, y), -c[0]);"),
    Plant("r = fabsf(x) + copysignf(x, y);"),
    Plant("r = x > y ? x : y;"),
    Plant("r = x > 0.0f ? x : 0.0f;"),
    Plant("r = x < 1.0f ? x : 1.0f;"),
    Plant("r = x <= 0.0f ? 0.0f : x;"),
    Plant("r = -__int_as_float(0x7f800000); for (int k = 0; k < 9; k++) r = f[k] > r ? f[k] : r;"),
    Plant("r = x > 0.0f ? x : 0.0f; r = r < 1.0f ? r : 1.0f;"),
    Plant("r = x < -1.0f ? -1.0f : x > 1.0f ? 1.0f : x;"),
    Plant("for (int k = 0; k < i[0]; k++) if (f[k] > r) r = f[k];"),
    Plant("int k = __float2int_rn(x); i[0] = min(max(k, -127), 127); r = rintf(y);"),
    Plant("r = (float)i[0] + (float)u[0] + (float)w[0] + (float)b[0] + (float)(signed char)i[2];"),
    Plant("r = __shfl_xor_sync(~0u, x, 16) + __uint_as_float(a[1]);"),
    Plant("i[0] = i[1] / i[2] + i[3] % i[4]; u[4] = u[5] / u[6];"),
    Plant("w[0] = w[1] / w[2] + w[3] % w[4]; h[0] = h[1] / h[2]; b[0] = b[1] % b[2];"),
    Plant("atomicAdd(w, w[1]); atomicMax(u + 4, a[2]); atomicOr(u + 5, 1u); atomicAdd(i, 2);"),
    Plant("__shared__ unsigned long long s; s = 0; atomicAdd(&s, w[1]); w[2] = s;"),
    Plant("i[0] = __dp4a(i[1], i[2], i[3]); w[1] = __umul64hi(w[2], w[3]);"),
    Plant('asm volatile("cvt.f32.f16 %0, %1;" : "=f"(r) : "h"(h[1]));'),
    Plant('asm volatile("cvt.rn.f16.f32 %0, %1;" : "=h"(h[0]) : "f"(x));', family="products"),
    Plant('asm volatile("sub.rn.f16x2 %0, %1, %1;" : "=r"(a[0]) : "r"(a[1]));', family="products"),
    Plant(INTEGERS),
    Plant(FLOAT16, family="products"),
]

LOST = ".visible .entry lost(\n)\n{\n\tret;\n}"

# Lines of a listing: the rule, the family, the code, the opcode, its operands.
LINES = [
    ("", "products", "PTX", "wgmma.mma_async.sync.aligned.m64n8k32.s32.s8.s8", ""),
    ("", "products", "PTX", "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16", ""),
    ("", "products", "PTX", "wmma.mma.sync.aligned.row.col.m16n16k16.f32.f32", ""),
    (rules.ACCUMULATOR, "products", "PTX", "wgmma.mma_async.sync.aligned.m64n8k16.f16.f16.f16", ""),
    (rules.ACCUMULATOR, "products", "PTX", "wmma.mma.sync.aligned.row.col.m16n16k16.f16.f16", ""),
    (rules.ACCUMULATOR, "products", "PTX", "wmma.load.c.sync.aligned.row.m16n16k16.global.f16", ""),
    (rules.EXTREME, "rows", "PTX", "max.f32", "%f1, %f2, 0f80000000"),
    (rules.EXTREME, "rows", "PTX", "min.f32", "%f1, %f2, 0f00000000"),
    ("", "rows", "PTX", "min.f32", "%f1, %f2, 0f3F800000"),
    (rules.ROUNDING, "rows", "PTX", "mad.f32", ""),
    (rules.ROUNDING, "rows", "PTX", "fma.f32", ""),
    (rules.NARROW, "rows", "PTX", "cvt.rna.tf32.f32", ""),
    (rules.NARROW, "rows", "PTX", "cvt.rn.f16x2.e5m2x2", ""),
    (rules.NARROW, "products", "SASS", "QGMMA.64x8x32.F32.E4M3.E4M3", ""),
    (rules.ACCUMULATOR, "products", "SASS", "HGMMA.64x8x16.F16", ""),
    (rules.HALF, "rows", "SASS", "HFMA2.MMA", "R1, R2, R3, R4"),
    (rules.APPROXIMATE, "rows", "SASS", "MUFU.RCP64H", "R1, R2"),
    (rules.UNLISTED, "rows", "SASS", "FSWZADD", "R1, R2, R3, PNPNPNPN"),
    (rules.UNLISTED, "rows", "SASS", "FADD.SAT", "R1, R2, R3"),
    ("", "rows", "SASS", "HFMA2.MMA", "R1, -RZ, RZ, 0, 2.384185791015625e-07"),
    ("", "products", "SASS", "IGMMA.64x8x32.S8.S8", ""),
]


def judge_line(family, code, opcode, operands):
    """The rule that one line of a listing breaks, in a kernel that writes divisions."""
    instruction = Instruction(opcode, operands)
    if code == "PTX":
        return judge_ptx(instruction, family) or ""
    return judge_sass(instruction, family, {"div.rn.f32", "integer division"}) or ""


def changed(options, plant):
    """The options that a plant is compiled with: one may be turned round."""
    if not plant.without:
        return options
    name, value = plant.without.split("=")
    turned = f"{name}={'false' if value == 'true' else 'true'}"
    return [turned if option == plant.without else option for option in options]


def fault(plant, found):
    """What is wrong with the verdict on a plant; empty where it is as it must be."""
    wanted = {("PTX", plant.ptx), ("SASS", plant.sass)} - {("PTX", ""), ("SASS", "")}
    if not wanted:
        return f"refused: {sorted(found)}" if found else ""
    missing = wanted - found
    return f"not refused as {sorted(missing)}; found {sorted(found)}" if missing else ""


def judge_plants(plants, compiler, disassembler, architecture, options):
    """Compiles plants of one family as the kernels of one text; yields what is wrong."""
    kernels = [
        KERNEL.replace("BODY", plant.body).replace("NUMBER", str(number))
        for number, plant in enumerate(plants)
    ]
    compiled = compiler.compile("".join(kernels), architecture, options)
    if not compiled.cubin:
        yield f"plants do not compile: {compiled.log}"
        return
    found = collections.defaultdict(set)
    listing = disassembler.disassemble(compiled.cubin)
    for finding in findings(compiled.ptx, listing, plants[0].family):
        found[finding.kernel].add((finding.code, finding.rule))
    for number, plant in enumerate(plants):
        said = fault(plant, found[f"planted_{number}"])
        if said:
            yield f"{plant.body}\n  {said}"


def judge_lines():
    """Judges the lines of listings, and that every rule has a plant; yields what is wrong."""
    for rule, *line in LINES:
        said = judge_line(*line)
        if said != rule:
            yield f"{' '.join(line)}: {said or 'accepted'}, must be {rule or 'accepted'}"
    if [finding.rule for finding in findings(LOST, "", "rows")] != [rules.UNREADABLE]:
        yield "a kernel without machine code is not found"
    planted = {rule for plant in REFUSED for rule in (plant.ptx, plant.sass)}
    for rule in rules.ADVICE.keys() - planted - {rules.UNREADABLE}:
        yield f"no plant for the rule: {rule}"


def self_test(compiler, disassembler, architectures, options):
    """Judges every plant on every architecture that has its instruction; returns the exit code."""
    faults = list(judge_lines())
    for architecture in architectures:
        groups = collections.defaultdict(list)
        for plant in REFUSED + CLEAN:
            if architecture in plant.only:
                groups[plant.family, plant.without].append(plant)
        for plants in groups.values():
            compiled_with = changed(options, plants[0])
            said = judge_plants(plants, compiler, disassembler, architecture, compiled_with)
            faults.extend(f"{architecture}: {text}" for text in said)
    print("".join(f"{text}\n" for text in faults), end="")
    print(
        f"self-test: {len(REFUSED)} plants to refuse, {len(CLEAN)} to accept, {len(LINES)} lines,"
        f" {len(faults)} wrong"
    )
    return 1 if faults else 0
