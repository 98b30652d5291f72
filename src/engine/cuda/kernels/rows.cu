// Ops that treat rows or elements alike, several in one launch: a block takes a row through all
// steps of a walk before the next row.
//
// Sums keep the order of exact-1: one warp, lane l adds elements l, l+32, ..., then the fold.
// A step's writes are read by later steps of the same block only, after a barrier.

// One op. Layout: `Step` in rows.rs.
struct Step {
    const void *reads[3];
    void *writes[3];
    u32 kind;
    u32 count;   // elements of the whole op
    u32 columns; // elements of the op in one row of the walk
    u32 inner;   // elements of the op's own row, or after how many a vector repeats
    u32 node;
    float constant;
    u32 heads;
    u32 reserved;
};

enum : u32 { STEPS_MAX = 8 };

// Layout: `Walk` in rows.rs.
struct Walk {
    Step steps[STEPS_MAX];
    u32 *first_refused;
    u32 step_count;
    u32 rows;
    u32 is_alike; // a thread meets the same elements in every step: no barrier between steps
    u32 reserved;
};

enum Kind : u32 {
    ADD,
    SILU,
    GELU,
    EULER,
    MIX_NOISE,
    MODULATE,
    GATED_ADD,
    SCALE_SHIFT,
    LAYER_NORM,
    PIXEL_NORM,
    QUANTISE,
    SPLIT_HEADS,
};

// Elements `start .. end` of an op whose elements do not look at each other.
template <typename Value>
__device__ __forceinline__ void each(const Step &step, u32 row, Value value) {
    u32 start = row * step.columns;
    u32 end = step.count - start < step.columns ? step.count : start + step.columns;
    float *y = (float *)step.writes[0];
    for (u32 i = start + threadIdx.x; i < end; i += blockDim.x) {
        y[i] = value(i);
    }
}

// Sum of `count` values by the warp that calls.
template <typename Value>
__device__ __forceinline__ float warp_sum(u32 count, Value value) {
    float total = 0.0f;
    for (u32 i = threadIdx.x % LANES; i < count; i += LANES) {
        total = add(total, value(i));
    }
    return fold(total);
}

// One row of `exact::layer_norm`. `shared` holds the mean and the factor.
__device__ __forceinline__ void layer_norm(const Step &step, u32 start, float *shared) {
    const float *x = (const float *)step.reads[0] + start;
    float *y = (float *)step.writes[0] + start;
    u32 count = step.inner;
    if (threadIdx.x < LANES) {
        float divisor = from_int((int)count);
        float mean = divide(warp_sum(count, [&](u32 i) { return x[i]; }), divisor);
        float squares = warp_sum(count, [&](u32 i) {
            float centred = subtract(x[i], mean);
            return multiply(centred, centred);
        });
        float variance = add(divide(squares, divisor), step.constant);
        shared[0] = mean;
        shared[1] = reciprocal_sqrt(variance);
    }
    __syncthreads();
    for (u32 i = threadIdx.x; i < count; i += blockDim.x) {
        y[i] = multiply(subtract(x[i], shared[0]), shared[1]);
    }
}

// One row of `exact::pixel_norm`.
__device__ __forceinline__ void pixel_norm(const Step &step, u32 start, float *shared) {
    const float *x = (const float *)step.reads[0] + start;
    const float *gain = (const float *)step.reads[1];
    float *y = (float *)step.writes[0] + start;
    u32 count = step.inner;
    if (threadIdx.x < LANES) {
        float squares = warp_sum(count, [&](u32 i) { return multiply(x[i], x[i]); });
        float mean = divide(squares, from_int((int)count));
        shared[0] = reciprocal_sqrt(add(mean, step.constant));
    }
    __syncthreads();
    for (u32 i = threadIdx.x; i < count; i += blockDim.x) {
        y[i] = multiply(multiply(x[i], shared[0]), gain[i]);
    }
}

// One row of `exact::quantise`; `own_row` counts rows of the op.
__device__ __forceinline__ void quantise(const Walk &walk, const Step &step, u32 start, u32 own_row,
                                         u32 *shared) {
    const float *x = (const float *)step.reads[0] + start;
    i8 *q = (i8 *)step.writes[0] + start;
    u32 most = 0;
    for (u32 i = threadIdx.x; i < step.inner; i += blockDim.x) {
        most = max(most, magnitude(x[i]));
    }
    for (u32 width = LANES / 2; width > 0; width /= 2) {
        most = max(most, __shfl_xor_sync(ALL_LANES, most, width));
    }
    if (threadIdx.x % LANES == 0) {
        shared[threadIdx.x / LANES] = most;
    }
    __syncthreads();
    for (u32 warp = 0; warp < blockDim.x / LANES; warp++) {
        most = max(most, shared[warp]);
    }
    if (threadIdx.x == 0) {
        ((float *)step.writes[1])[own_row] = scale_of(most);
        if (most >= NOT_FINITE) {
            refuse(walk.first_refused, step.node);
        }
    }
    float factor = factor_of(most);
    for (u32 i = threadIdx.x; i < step.inner; i += blockDim.x) {
        q[i] = quantise_one(x[i], factor);
    }
}

// One row of queries, keys and values: a warp a head and part.
__device__ __forceinline__ void split_heads(const Step &step, u32 own_row) {
    u32 lane = threadIdx.x % LANES;
    u32 head_width = step.inner / step.heads;
    for (u32 item = threadIdx.x / LANES; item < 3 * step.heads; item += blockDim.x / LANES) {
        u32 part = item / step.heads, head = item % step.heads;
        const float *x = (const float *)step.reads[0] + (own_row * 3 + part) * step.inner;
        x += head * head_width;
        float *y = (float *)step.writes[part] + own_row * step.inner + head * head_width;
        if (part == 2) {
            for (u32 i = lane; i < head_width; i += LANES) {
                y[i] = x[i];
            }
            continue;
        }
        float squares = warp_sum(head_width, [&](u32 i) { return multiply(x[i], x[i]); });
        float factor = squares == 0.0f ? 0.0f : divide(step.constant, square_root(squares));
        for (u32 i = lane; i < head_width; i += LANES) {
            y[i] = multiply(x[i], factor);
        }
    }
}

// The rows of the op that lie in row `row` of the walk.
__device__ __forceinline__ void own_rows(const Walk &walk, const Step &step, u32 row, u32 *shared) {
    u32 repeats = step.columns / step.inner;
    for (u32 own = row * repeats; own < (row + 1) * repeats; own++) {
        u32 start = own * step.inner;
        switch (step.kind) {
        case LAYER_NORM: layer_norm(step, start, (float *)shared); break;
        case PIXEL_NORM: pixel_norm(step, start, (float *)shared); break;
        case QUANTISE: quantise(walk, step, start, own, shared); break;
        case SPLIT_HEADS: split_heads(step, own); break;
        }
        __syncthreads();
    }
}

__device__ __forceinline__ void run(const Walk &walk, const Step &step, u32 row, u32 *shared) {
    const float *a = (const float *)step.reads[0];
    const float *b = (const float *)step.reads[1];
    const float *c = (const float *)step.reads[2];
    float constant = step.constant;
    u32 inner = step.inner;
    switch (step.kind) {
    case ADD: each(step, row, [=](u32 i) { return add(a[i], b[i]); }); break;
    case SILU: each(step, row, [=](u32 i) { return silu(a[i]); }); break;
    case GELU: each(step, row, [=](u32 i) { return gelu_tanh(a[i]); }); break;
    case EULER: each(step, row, [=](u32 i) { return fma_rn(constant, b[i], a[i]); }); break;
    case MIX_NOISE:
        each(step, row, [=](u32 i) {
            return fma_rn(constant, b[i], multiply(subtract(1.0f, constant), a[i]));
        });
        break;
    case MODULATE:
        each(step, row, [=](u32 i) {
            return fma_rn(a[i], add(1.0f, c[i % inner]), b[i % inner]);
        });
        break;
    case GATED_ADD: each(step, row, [=](u32 i) { return fma_rn(c[i % inner], b[i], a[i]); }); break;
    case SCALE_SHIFT:
        each(step, row, [=](u32 i) { return fma_rn(a[i], b[i % inner], c[i % inner]); });
        break;
    default: own_rows(walk, step, row, shared); break;
    }
}

extern "C" __global__ void walk_rows(const __grid_constant__ Walk walk) {
    __shared__ u32 shared[LANES];
    for (u32 row = blockIdx.x; row < walk.rows; row += gridDim.x) {
        for (u32 i = 0; i < walk.step_count; i++) {
            run(walk, walk.steps[i], row, shared);
            if (!walk.is_alike) {
                __syncthreads();
            }
        }
    }
}

// A row so long that all blocks quantise it together. Layout: `LongRow` in rows.rs.
struct LongRow {
    const float *x;
    i8 *q;
    float *scale;
    u32 *most; // zero when the frame begins
    u32 *first_refused;
    u32 count;
    u32 node;
};

// First its largest magnitude.
extern "C" __global__ void largest_magnitude(const __grid_constant__ LongRow row) {
    u32 found = 0;
    for (u32 i = first_index(); i < row.count; i += all_threads()) {
        found = max(found, magnitude(row.x[i]));
    }
    for (u32 width = LANES / 2; width > 0; width /= 2) {
        found = max(found, __shfl_xor_sync(ALL_LANES, found, width));
    }
    if (threadIdx.x % LANES == 0) {
        atomicMax(row.most, found);
    }
}

// Then its values.
extern "C" __global__ void quantise_long_row(const __grid_constant__ LongRow row) {
    u32 most = *row.most;
    float factor = factor_of(most);
    for (u32 i = first_index(); i < row.count; i += all_threads()) {
        row.q[i] = quantise_one(row.x[i], factor);
    }
    if (first_index() == 0) {
        *row.scale = scale_of(most);
        if (most >= NOT_FINITE) {
            refuse(row.first_refused, row.node);
        }
    }
}
