// exact-1 on a GPU: the functions of src/exact, operation by operation, for all kernel families.
//
// Every float operation is an intrinsic that rounds to nearest even and is never fused by itself.
// The Rust text is the definition; a name here is the name there.

typedef unsigned char u8;
typedef signed char i8;
typedef unsigned int u32;
typedef unsigned long long u64;

// What changes from frame to frame; uploaded before each. Layout: `Moment` in arena.rs.
struct Moment {
    u64 seed;
    u64 frame;
    u32 held;   // frames in the memory
    u32 oldest; // slot of the oldest of them
    u32 newest; // slot that this frame takes
    u32 action;
};

enum : u32 {
    LANES = 32,
    NOT_FINITE = 0x7f800000u,
    MAGNITUDE = 0x7fffffffu,
    ALL_LANES = 0xffffffffu,
};

// Elements are shared out among all threads of a launch; the size of the grid changes no value.
__device__ __forceinline__ u32 first_index() { return blockIdx.x * blockDim.x + threadIdx.x; }
__device__ __forceinline__ u32 all_threads() { return gridDim.x * blockDim.x; }

__device__ __forceinline__ float add(float a, float b) { return __fadd_rn(a, b); }
__device__ __forceinline__ float subtract(float a, float b) { return __fsub_rn(a, b); }
__device__ __forceinline__ float multiply(float a, float b) { return __fmul_rn(a, b); }
__device__ __forceinline__ float divide(float a, float b) { return __fdiv_rn(a, b); }
__device__ __forceinline__ float square_root(float a) { return __fsqrt_rn(a); }
__device__ __forceinline__ float fma_rn(float a, float b, float c) { return __fmaf_rn(a, b, c); }
__device__ __forceinline__ float from_bits(u32 bits) { return __uint_as_float(bits); }
__device__ __forceinline__ u32 to_bits(float x) { return __float_as_uint(x); }
__device__ __forceinline__ float from_int(int x) { return __int2float_rn(x); }
__device__ __forceinline__ u32 magnitude(float x) { return to_bits(x) & MAGNITUDE; }
__device__ __forceinline__ bool is_nan(float x) { return magnitude(x) > NOT_FINITE; }

// rounding.rs: 1.5 * 2^23 moves the rounding position to the units digit.
static constexpr float SHIFT_TO_UNITS = 12582912.0f;

__device__ __forceinline__ int rint_in_both_forms(float x, float *rounded) {
    float shifted = add(x, SHIFT_TO_UNITS);
    *rounded = subtract(shifted, SHIFT_TO_UNITS);
    return (int)(to_bits(shifted) - 0x4b400000u);
}

__device__ __forceinline__ int rint_to_int(float x) {
    return (int)(to_bits(add(x, SHIFT_TO_UNITS)) - 0x4b400000u);
}

// exponential.rs
__device__ __forceinline__ float exponential(float x) {
    float powers_of_two;
    int power = rint_in_both_forms(multiply(x, from_bits(0x3fb8aa3b)), &powers_of_two);
    float reduced = fma_rn(powers_of_two, -from_bits(0x3f317218), x);
    reduced = fma_rn(powers_of_two, -from_bits(0xb102e308), reduced);
    float sum = fma_rn(from_bits(0x3ab52839), reduced, from_bits(0x3c091cbc));
    sum = fma_rn(sum, reduced, from_bits(0x3d2aac56));
    sum = fma_rn(sum, reduced, from_bits(0x3e2aaa49));
    sum = fma_rn(sum, reduced, from_bits(0x3efffffe));
    sum = fma_rn(sum, reduced, 1.0f);
    sum = fma_rn(sum, reduced, 1.0f);
    float scaled = from_bits(to_bits(sum) + ((u32)power << 23));
    float above_zero = x < from_bits(0xc2aeac4f) ? 0.0f : scaled;
    float finite = x > from_bits(0x42b17217) ? from_bits(NOT_FINITE) : above_zero;
    return is_nan(x) ? from_bits(0x7fc00000) : finite;
}

// logarithm.rs: ln(1 + f) - f + addend.
__device__ __forceinline__ float near_one(float f, float addend) {
    float sum = fma_rn(from_bits(0x3d8a39bb), f, from_bits(0xbdef00fd));
    sum = fma_rn(sum, f, from_bits(0x3df36004));
    sum = fma_rn(sum, f, from_bits(0xbdfe1464));
    sum = fma_rn(sum, f, from_bits(0x3e119dd1));
    sum = fma_rn(sum, f, from_bits(0xbe2aae22));
    sum = fma_rn(sum, f, from_bits(0x3e4cd23b));
    sum = fma_rn(sum, f, from_bits(0xbe800003));
    sum = fma_rn(sum, f, from_bits(0x3eaaaaa4));
    sum = fma_rn(sum, f, -0.5f);
    return fma_rn(sum, multiply(f, f), addend);
}

__device__ __forceinline__ float logarithm(float x) {
    bool subnormal = x < from_bits(0x00800000);
    float normal = subnormal ? multiply(x, 8388608.0f) : x;
    int excess = subnormal ? 23 : 0;
    int offset = (int)(to_bits(normal) - 0x3f3504f3u) >> 23;
    float mantissa = from_bits(to_bits(normal) - ((u32)offset << 23));
    float exponent = from_int(offset - excess);
    float fraction = subtract(mantissa, 1.0f);
    float near = near_one(fraction, multiply(exponent, from_bits(0xb7f40417)));
    float large = multiply(exponent, from_bits(0x3f317400));
    float sum = add(large, fraction);
    float lost = subtract(fraction, subtract(sum, large));
    float finite = add(sum, add(near, lost));
    float positive = x == from_bits(NOT_FINITE) ? x : finite;
    float above_zero = x == 0.0f ? from_bits(0xff800000) : positive;
    return x >= 0.0f ? above_zero : from_bits(0x7fc00000);
}

// trigonometry.rs
__device__ __forceinline__ float sine_kernel(float angle) {
    float square = multiply(angle, angle);
    float sum = fma_rn(from_bits(0x363e1627), square, from_bits(0xb9502caa));
    sum = fma_rn(sum, square, from_bits(0x3c0888ba));
    sum = fma_rn(sum, square, from_bits(0xbe2aaaab));
    return fma_rn(multiply(angle, square), sum, angle);
}

__device__ __forceinline__ float cosine_kernel(float angle) {
    float square = multiply(angle, angle);
    float sum = fma_rn(from_bits(0x37ccf406), square, from_bits(0xbab60614));
    sum = fma_rn(sum, square, from_bits(0x3d2aaaa5));
    sum = fma_rn(sum, square, -0.5f);
    return fma_rn(sum, square, 1.0f);
}

// Sine and cosine of `angle` plus `quadrant` quarter turns.
__device__ __forceinline__ void turned(float angle, int quadrant, float *sine, float *cosine) {
    float s = sine_kernel(angle), c = cosine_kernel(angle);
    bool odd = quadrant & 1;
    u32 sine_sign = ((u32)quadrant & 2) << 30;
    u32 cosine_sign = ((u32)(quadrant + 1) & 2) << 30;
    *sine = from_bits(to_bits(odd ? c : s) ^ sine_sign);
    *cosine = from_bits(to_bits(odd ? s : c) ^ cosine_sign);
}

__device__ __forceinline__ void sine_cosine(float x, float *sine, float *cosine) {
    float quarters;
    int quadrant = rint_in_both_forms(multiply(x, from_bits(0x3f22f983)), &quarters);
    float angle = fma_rn(quarters, -from_bits(0x3fc90fdb), x);
    angle = fma_rn(quarters, -from_bits(0xb33bbd2e), angle);
    angle = fma_rn(quarters, -from_bits(0xa6f72ced), angle);
    turned(angle, quadrant, sine, cosine);
    bool inside = from_bits(magnitude(x)) <= 8192.0f;
    *sine = inside ? *sine : from_bits(0x7fc00000);
    *cosine = inside ? *cosine : from_bits(0x7fc00000);
}

__device__ __forceinline__ void sine_cosine_turns(float u, float *sine, float *cosine) {
    float quarters;
    int quadrant = rint_in_both_forms(multiply(4.0f, u), &quarters);
    float remainder = fma_rn(quarters, -0.25f, u);
    turned(multiply(remainder, from_bits(0x40c90fdb)), quadrant, sine, cosine);
}

// activation.rs
__device__ __forceinline__ float silu(float x) {
    return divide(x, add(1.0f, exponential(-x)));
}

__device__ __forceinline__ float gelu_tanh(float x) {
    float square = multiply(x, x);
    float twice = multiply(x, fma_rn(square, from_bits(0x3d922279), from_bits(0x3fcc422a)));
    return divide(x, add(1.0f, exponential(-twice)));
}

__device__ __forceinline__ float reciprocal_sqrt(float x) {
    return divide(1.0f, square_root(x));
}

// quantise.rs: 127 / amax and amax / 127, both +0.0 below 2^-96. `amax` is finite.
__device__ __forceinline__ float scale_of(u32 amax) {
    return amax < 0x0f800000u ? 0.0f : divide(from_bits(amax), 127.0f);
}

__device__ __forceinline__ float factor_of(u32 amax) {
    return amax < 0x0f800000u ? 0.0f : divide(127.0f, from_bits(amax));
}

__device__ __forceinline__ i8 quantise_one(float x, float factor) {
    int q = rint_to_int(multiply(x, factor));
    q = q < -127 ? -127 : q;
    return (i8)(q > 127 ? 127 : q);
}

__device__ __forceinline__ float dequantise(int sum, float row_scale, float weight_scale,
                                            float bias) {
    return fma_rn(from_int(sum), multiply(row_scale, weight_scale), bias);
}

// sum.rs: the fold 16, 8, 4, 2, 1 that ends a sum of 32 lanes; every lane gets the result. All
// lanes of the warp take part.
__device__ __forceinline__ float fold(float lane_total) {
    for (u32 width = 16; width > 0; width /= 2) {
        lane_total = add(lane_total, __shfl_down_sync(ALL_LANES, lane_total, width));
    }
    return __shfl_sync(ALL_LANES, lane_total, 0);
}

// state.rs
__device__ __forceinline__ u64 mix(u32 index, u32 bits) {
    u64 z = (u64)index << 32 | bits;
    z ^= z >> 32;
    z *= 0x9e3779b97f4a7c15ull;
    z ^= z >> 29;
    z *= 0xbf58476d1ce4e5b9ull;
    return z ^ z >> 32;
}

// picture.rs
__device__ __forceinline__ u8 to_colour(float x) {
    float low = x > -1.0f ? x : -1.0f;
    float clamped = low < 1.0f ? low : 1.0f;
    return (u8)rint_to_int(multiply(add(clamped, 1.0f), 127.5f));
}

// Tells the host that op `node` met a value which is not finite: the first op in the order of the
// program wins, whatever order the blocks run in. 0 means none.
__device__ __forceinline__ void refuse(u32 *first_refused, u32 node) {
    atomicMax(first_refused, MAGNITUDE - node);
}
