// Linear layers and convolutions: exact sums of int8 products, in one of three lanes.
//
// The sums are integers, so tiles, warps and lanes may share them in any order. A block makes a
// tile of rows by 8 outputs; its warps share out the inputs and add up in shared memory. A thread
// takes 16 successive inputs of a row at once: rows and weights are permuted alike, which changes
// no sum. A row is a token's values or the window around a pixel, zeros outside the picture.

// Layout: `Product` in products.rs.
struct Product {
    const i8 *q;
    const float *row_scale;
    const i8 *weight;
    const float *weight_scale;
    const float *bias;
    float *y;
    u32 rows;
    u32 inputs; // of one sum: kernel * kernel * channels
    u32 outputs;
    u32 height;
    u32 width;
    u32 channels;
    u32 kernel; // 1 where a row has no neighbours
    u32 is_wide; // 16 inputs lie side by side, aligned
    u32 has_row_scales; // one a row, or one for all
    u32 reserved;
};

enum : u32 {
    THREAD_INPUTS = 16,
    CHUNK = 4 * THREAD_INPUTS, // inputs that a warp takes at once
    TILE_OUTPUTS = 8,
    WARPS = 8,
    ROWS = WARPS * 32 / TILE_OUTPUTS, // that the threads of a block store at once; twice is enough
    HALF_SUM_MAX = 1024, // 127^2 * 1024 is below 2^24
};

// Where one row lies.
struct Row {
    int line;
    int column;
    bool exists;
};

__device__ __forceinline__ Row row_of(const Product &p, u32 index) {
    Row row;
    row.exists = index < p.rows;
    row.line = (int)(index / p.width);
    row.column = (int)(index % p.width);
    return row;
}

// Offset of input `k` of a row, or -1 where it lies outside the picture.
__device__ __forceinline__ int place(const Product &p, const Row &row, u32 k) {
    int line = row.line, column = row.column;
    u32 channel = k;
    if (p.kernel > 1) {
        u32 tap = k / p.channels;
        channel = k - tap * p.channels;
        line += (int)(tap / p.kernel) - (int)(p.kernel / 2);
        column += (int)(tap % p.kernel) - (int)(p.kernel / 2);
        if (line < 0 || line >= (int)p.height || column < 0 || column >= (int)p.width) {
            return -1;
        }
    }
    return (line * (int)p.width + column) * (int)p.channels + (int)channel;
}

__device__ __noinline__ uint4 gathered(const Product &p, const Row &row, u32 k) {
    u32 words[4] = {0, 0, 0, 0};
    for (u32 i = 0; i < THREAD_INPUTS; i++) {
        int at = k + i < p.inputs ? place(p, row, k + i) : -1;
        u32 value = at < 0 ? 0 : (u8)p.q[at];
        words[i / 4] |= value << (8 * (i % 4));
    }
    return make_uint4(words[0], words[1], words[2], words[3]);
}

// 16 successive inputs of a row, zeros where there are none.
__device__ __forceinline__ uint4 row_inputs(const Product &p, const Row &row, u32 k) {
    if (!row.exists || k >= p.inputs) {
        return make_uint4(0, 0, 0, 0);
    }
    if (!p.is_wide) {
        return gathered(p, row, k);
    }
    int at = place(p, row, k);
    return at < 0 ? make_uint4(0, 0, 0, 0) : *(const uint4 *)(p.q + at);
}

__device__ __noinline__ uint4 gathered_weights(const i8 *weight, u32 count) {
    u32 words[4] = {0, 0, 0, 0};
    for (u32 i = 0; i < THREAD_INPUTS && i < count; i++) {
        words[i / 4] |= (u32)(u8)weight[i] << (8 * (i % 4));
    }
    return make_uint4(words[0], words[1], words[2], words[3]);
}

// 16 successive weights of an output.
__device__ __forceinline__ uint4 weights(const Product &p, u32 output, u32 k) {
    if (output >= p.outputs || k >= p.inputs) {
        return make_uint4(0, 0, 0, 0);
    }
    const i8 *weight = p.weight + (u64)output * p.inputs + k;
    return p.is_wide ? *(const uint4 *)weight : gathered_weights(weight, p.inputs - k);
}

// One sum's place, and what turns it into a float: fetched before the sum is made.
struct End {
    float row_scale, weight_scale, bias;
    u32 row, output;
    bool exists;

    __device__ __forceinline__ End(const Product &p, u32 row, u32 output)
        : row(row), output(output), exists(row < p.rows && output < p.outputs) {
        row_scale = exists ? p.row_scale[p.has_row_scales ? row : 0] : 0.0f;
        weight_scale = exists ? p.weight_scale[output] : 0.0f;
        bias = exists ? p.bias[output] : 0.0f;
    }

    __device__ __forceinline__ void store(const Product &p, int sum) const {
        if (exists) {
            float y = dequantise(sum, row_scale, weight_scale, bias);
            p.y[(u64)row * p.outputs + output] = y;
        }
    }
};

// Sums of 16 rows by 8 outputs in the registers of one warp: thread (group g, member t) has rows
// g and g + 8, outputs 2t and 2t + 1.
struct Int8Lane {
    int sums[4];

    __device__ __forceinline__ void begin() { sums[0] = sums[1] = sums[2] = sums[3] = 0; }

    __device__ __forceinline__ void multiply_add(u32 a0, u32 a1, u32 a2, u32 a3, u32 b0, u32 b1) {
#if __CUDA_ARCH__ >= 800
        asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
            "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
            : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
            : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
#endif
    }

    __device__ __forceinline__ void chunk(uint4 low, uint4 high, uint4 weight) {
        multiply_add(low.x, high.x, low.y, high.y, weight.x, weight.y);
        multiply_add(low.z, high.z, low.w, high.w, weight.z, weight.w);
    }

    __device__ __forceinline__ void drain() {}
};

// The same sums through float16 inputs and float32 accumulators: every partial sum is an integer
// below 2^24, so that no rounding can happen before it is drained.
struct HalfLane {
    int sums[4];
    float parts[4];

    __device__ __forceinline__ void begin() {
        sums[0] = sums[1] = sums[2] = sums[3] = 0;
        parts[0] = parts[1] = parts[2] = parts[3] = 0.0f;
    }

    // Two of the int8 of `word` as float16: 1024 + 128 + q is exact, and so is taking 1152 away.
    __device__ __forceinline__ u32 halves(u32 word, u32 selector) {
        u32 biased = __byte_perm(word ^ 0x80808080u, 0x64646464u, selector), pair;
        asm("sub.rn.f16x2 %0, %1, %2;" : "=r"(pair) : "r"(biased), "r"(0x64806480u));
        return pair;
    }

    __device__ __forceinline__ void pair(u32 low, u32 high, u32 weight, u32 selector) {
        asm("mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
            "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%0, %1, %2, %3};"
            : "+f"(parts[0]), "+f"(parts[1]), "+f"(parts[2]), "+f"(parts[3])
            : "r"(halves(low, selector)), "r"(halves(high, selector)),
              "r"(halves(weight, selector)));
    }

    __device__ __forceinline__ void word(u32 low, u32 high, u32 weight) {
        pair(low, high, weight, 0x4140);
        pair(low, high, weight, 0x4342);
    }

    __device__ __forceinline__ void chunk(uint4 low, uint4 high, uint4 weight) {
        word(low.x, high.x, weight.x);
        word(low.y, high.y, weight.y);
        word(low.z, high.z, weight.z);
        word(low.w, high.w, weight.w);
    }

    __device__ __forceinline__ void drain() {
        for (u32 i = 0; i < 4; i++) {
            sums[i] += __float2int_rn(parts[i]);
            parts[i] = 0.0f;
        }
    }
};

// A tile of 16 * SETS rows by 8 outputs.
template <typename Lane, u32 SETS>
__device__ __forceinline__ void tile(const Product &p, u32 first_row, u32 first_output,
                                     int (*shared)[16 * SETS][TILE_OUTPUTS]) {
    u32 warp = threadIdx.x / LANES, lane = threadIdx.x % LANES;
    u32 group = lane / 4, member = lane % 4;
    Lane lanes[SETS];
    Row low[SETS], high[SETS];
#pragma unroll
    for (u32 set = 0; set < SETS; set++) {
        lanes[set].begin();
        low[set] = row_of(p, first_row + 16 * set + group);
        high[set] = row_of(p, first_row + 16 * set + group + 8);
    }
    u32 undrained = 0;
    for (u32 start = warp * CHUNK; start < p.inputs; start += WARPS * CHUNK) {
        u32 k = start + member * THREAD_INPUTS;
        uint4 weight = weights(p, first_output + group, k);
#pragma unroll
        for (u32 set = 0; set < SETS; set++) {
            lanes[set].chunk(row_inputs(p, low[set], k), row_inputs(p, high[set], k), weight);
        }
        undrained += CHUNK;
        if (undrained == HALF_SUM_MAX) {
            undrained = 0;
#pragma unroll
            for (u32 set = 0; set < SETS; set++) {
                lanes[set].drain();
            }
        }
    }
#pragma unroll
    for (u32 set = 0; set < SETS; set++) {
        lanes[set].drain();
        int *at = &shared[warp][16 * set + group][2 * member];
        at[0] = lanes[set].sums[0];
        at[1] = lanes[set].sums[1];
        at[8 * TILE_OUTPUTS] = lanes[set].sums[2];
        at[8 * TILE_OUTPUTS + 1] = lanes[set].sums[3];
    }
}

// The sum of all warps' parts.
template <u32 SETS>
__device__ __forceinline__ int total(int (*shared)[16 * SETS][TILE_OUTPUTS], u32 row, u32 output) {
    int sum = 0;
#pragma unroll
    for (u32 warp = 0; warp < WARPS; warp++) {
        sum += shared[warp][row][output];
    }
    return sum;
}

template <typename Lane, u32 SETS> __device__ __forceinline__ void product(const Product &p) {
    __shared__ int shared[WARPS][16 * SETS][TILE_OUTPUTS];
    u32 across = (p.outputs + TILE_OUTPUTS - 1) / TILE_OUTPUTS;
    u32 down = (p.rows + 16 * SETS - 1) / (16 * SETS);
    for (u32 index = blockIdx.x; index < across * down; index += gridDim.x) {
        u32 first_row = index / across * 16 * SETS, first_output = index % across * TILE_OUTPUTS;
        u32 row = threadIdx.x / TILE_OUTPUTS, output = threadIdx.x % TILE_OUTPUTS;
        End low(p, first_row + row, first_output + output);
        u32 high_row = row + ROWS < 16 * SETS ? first_row + row + ROWS : p.rows; // or none
        End high(p, high_row, first_output + output);
        tile<Lane, SETS>(p, first_row, first_output, shared);
        __syncthreads();
        low.store(p, total<SETS>(shared, min(row, 16 * SETS - 1), output));
        high.store(p, total<SETS>(shared, min(row + ROWS, 16 * SETS - 1), output));
        __syncthreads();
    }
}

#if __CUDA_ARCH__ >= 800
extern "C" __global__ void __launch_bounds__(256)
    product_mma_16(const __grid_constant__ Product p) {
    product<Int8Lane, 1>(p);
}

extern "C" __global__ void __launch_bounds__(256)
    product_mma_48(const __grid_constant__ Product p) {
    product<Int8Lane, 3>(p);
}
#endif

extern "C" __global__ void __launch_bounds__(256)
    product_f16_16(const __grid_constant__ Product p) {
    product<HalfLane, 1>(p);
}

extern "C" __global__ void __launch_bounds__(256)
    product_f16_48(const __grid_constant__ Product p) {
    product<HalfLane, 3>(p);
}

// One thread an output, four products an instruction.
extern "C" __global__ void __launch_bounds__(256)
    product_dp4a(const __grid_constant__ Product p) {
    u64 count = (u64)p.rows * p.outputs;
    u64 stride = (u64)gridDim.x * blockDim.x;
    for (u64 i = (u64)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += stride) {
        u32 index = (u32)(i / p.outputs), output = (u32)(i % p.outputs);
        Row row = row_of(p, index);
        int sum = 0;
        for (u32 k = 0; k < p.inputs; k += THREAD_INPUTS) {
            uint4 x = row_inputs(p, row, k), w = weights(p, output, k);
            sum = __dp4a((int)x.x, (int)w.x, sum);
            sum = __dp4a((int)x.y, (int)w.y, sum);
            sum = __dp4a((int)x.z, (int)w.z, sum);
            sum = __dp4a((int)x.w, (int)w.w, sum);
        }
        End(p, index, output).store(p, sum);
    }
}
