// Attention: one warp a query; over the tokens of a frame, or over the frames of a token.
//
// Dots and weighted sums are one fma chain each, in the order of the keys: a lane has a key while
// logits are made, an element while values are added. The sum of exponentials has 32 lanes.

enum : u32 {
    KEYS_MAX = 1024,
    WARPS = 2,
    TILE = 32,          // keys in shared memory at once
    BATCH = 16,         // of them, on their way at once
    WIDTH = 2 * LANES,  // elements of each
    PADDED = WIDTH + 1, // so that 32 lanes meet 32 banks
};

// Layout: `Attention` in attention.rs.
struct Attention {
    const float *query;
    const float *key;
    const float *value;
    const float *past_key;
    const float *past_value;
    const float *bias;
    float *y;
    const Moment *moment;
    u32 tokens;
    u32 heads;
    u32 head_width;
    u32 window;
    float scale;
    u32 reserved;
};

// What one warp works in.
struct alignas(16) Room {
    float query[WIDTH];
    float weights[KEYS_MAX];
    float keys[TILE][PADDED];
};

// The keys of one query within a frame: the same head of all tokens.
struct Space {
    const float *keys, *values;
    u32 count;
    u64 stride;

    __device__ Space(const Attention &a, u32 token, u32 head) {
        keys = a.key + head * a.head_width;
        values = a.value + head * a.head_width;
        count = a.tokens;
        stride = (u64)a.heads * a.head_width;
    }
    __device__ const float *key(u32 j) const { return keys + j * stride; }
    __device__ const float *value(u32 j) const { return values + j * stride; }
    __device__ float bias(u32 j) const { return 0.0f; }
};

// The keys of one query over time: the same token and head of remembered frames, oldest first,
// then this frame's.
struct Time {
    const float *now_key, *now_value, *past_keys, *past_values, *biases;
    u32 count, window, oldest;
    u64 stride;

    __device__ Time(const Attention &a, u32 token, u32 head) {
        u64 offset = ((u64)token * a.heads + head) * a.head_width;
        now_key = a.key + offset;
        now_value = a.value + offset;
        past_keys = a.past_key + offset;
        past_values = a.past_value + offset;
        biases = a.bias + head * (a.window + 1);
        count = a.moment->held + 1;
        window = a.window;
        oldest = a.moment->oldest;
        stride = (u64)a.tokens * a.heads * a.head_width;
    }
    __device__ const float *at(const float *past, const float *now, u32 j) const {
        if (j + 1 == count) {
            return now;
        }
        u32 slot = oldest + j;
        return past + (slot < window ? slot : slot - window) * stride;
    }
    __device__ const float *key(u32 j) const { return at(past_keys, now_key, j); }
    __device__ const float *value(u32 j) const { return at(past_values, now_value, j); }
    __device__ float bias(u32 j) const { return biases[count - 1 - j]; }
};

// Brings elements of a batch of keys to shared memory, all loads on their way at once. A batch that
// is not full takes its last key again.
template <typename Keys>
__device__ __forceinline__ void stage(const Keys &keys, u32 first, u32 done, u32 rows, u32 start,
                                      bool has_low, bool has_high, Room &room) {
    u32 lane = threadIdx.x % LANES;
    float low[BATCH], high[BATCH];
#pragma unroll
    for (u32 i = 0; i < BATCH; i++) {
        const float *key = keys.key(first + min(done + i, rows - 1)) + start + lane;
        low[i] = has_low ? key[0] : 0.0f;
        high[i] = has_high ? key[LANES] : 0.0f;
    }
#pragma unroll
    for (u32 i = 0; i < BATCH; i++) {
        room.keys[done + i][lane] = low[i];
        room.keys[done + i][lane + LANES] = high[i];
    }
}

// The dot of the query with key `first + lane`: elements come through shared memory in tiles.
template <typename Keys>
__device__ __forceinline__ float dot(const Attention &a, const Keys &keys, const float *query,
                                     u32 first, Room &room) {
    u32 lane = threadIdx.x % LANES;
    u32 rows = min(keys.count - first, (u32)TILE);
    float total = 0.0f;
    for (u32 start = 0; start < a.head_width; start += WIDTH) {
        u32 columns = min(a.head_width - start, (u32)WIDTH);
        bool has_low = lane < columns, has_high = lane + LANES < columns;
        __syncwarp();
        room.query[lane] = has_low ? query[start + lane] : 0.0f;
        room.query[lane + LANES] = has_high ? query[start + lane + LANES] : 0.0f;
        for (u32 done = 0; done < rows; done += BATCH) {
            stage(keys, first, done, rows, start, has_low, has_high, room);
        }
        __syncwarp();
        if (lane < rows) {
#pragma unroll 16
            for (u32 i = 0; i < columns; i++) {
                total = fma_rn(room.query[i], room.keys[lane][i], total);
            }
        }
    }
    return total;
}

// Logits to weights that still want dividing, in shared memory; returns 1 / sum.
__device__ __forceinline__ float softmax(u32 count, float most, Room &room) {
    u32 lane = threadIdx.x % LANES;
    for (u32 width = LANES / 2; width > 0; width /= 2) {
        float other = __shfl_xor_sync(ALL_LANES, most, width);
        most = other > most ? other : most;
    }
    float total = 0.0f;
    for (u32 j = lane; j < count; j += LANES) {
        float weight = exponential(subtract(room.weights[j], most));
        room.weights[j] = weight;
        total = add(total, weight);
    }
    __syncwarp();
    return divide(1.0f, fold(total));
}

// Elements `i` and `i + 32` of the weighted sum of the values.
template <typename Keys>
__device__ __forceinline__ void weigh(const Attention &a, const Keys &keys, u32 i, float factor,
                                      float *y, const Room &room) {
    bool has_low = i < a.head_width, has_high = i + LANES < a.head_width;
    float low = 0.0f, high = 0.0f;
#pragma unroll 16
    for (u32 j = 0; j < keys.count; j++) {
        const float *value = keys.value(j) + i;
        low = fma_rn(room.weights[j], has_low ? value[0] : 0.0f, low);
        high = fma_rn(room.weights[j], has_high ? value[LANES] : 0.0f, high);
    }
    if (has_low) {
        y[i] = multiply(low, factor);
    }
    if (has_high) {
        y[i + LANES] = multiply(high, factor);
    }
}

template <typename Keys> __device__ __forceinline__ void attend(const Attention &a, Room &room) {
    u32 lane = threadIdx.x % LANES;
    u32 queries = a.tokens * a.heads;
    for (u32 index = blockIdx.x * WARPS + threadIdx.x / LANES; index < queries;
         index += gridDim.x * WARPS) {
        Keys keys(a, index / a.heads, index % a.heads);
        const float *query = a.query + (u64)index * a.head_width;
        float most = from_bits(0xff800000);
        for (u32 first = 0; first < keys.count; first += TILE) {
            float total = dot(a, keys, query, first, room);
            u32 j = first + lane;
            if (j < keys.count) {
                float logit = fma_rn(total, a.scale, keys.bias(j));
                room.weights[j] = logit;
                most = logit > most ? logit : most;
            }
        }
        __syncwarp();
        float factor = softmax(keys.count, most, room);
        float *y = a.y + (u64)index * a.head_width;
        for (u32 start = 0; start < a.head_width; start += WIDTH) {
            weigh(a, keys, start + lane, factor, y, room);
        }
        __syncwarp();
    }
}

extern "C" __global__ void __launch_bounds__(32 * WARPS)
    attention_space(const __grid_constant__ Attention a) {
    __shared__ Room rooms[WARPS];
    attend<Space>(a, rooms[threadIdx.x / LANES]);
}

extern "C" __global__ void __launch_bounds__(32 * WARPS)
    attention_time(const __grid_constant__ Attention a) {
    __shared__ Room rooms[WARPS];
    attend<Time>(a, rooms[threadIdx.x / LANES]);
}

// Layout: `Remember` in attention.rs.
struct Remember {
    const float *x;
    float *past;
    const Moment *moment;
    u32 count;
    u32 reserved;
};

// This frame's slot of a ring.
extern "C" __global__ void remember(const __grid_constant__ Remember r) {
    float *slot = r.past + (u64)r.moment->newest * r.count;
    for (u32 i = first_index(); i < r.count; i += all_threads()) {
        slot[i] = r.x[i];
    }
}
