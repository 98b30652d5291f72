// State sums: wrapping sums of 64 bits, which have no order. One block each.

// Layout: `Sum` in sums.rs.
struct Sum {
    const void *x;
    u64 *y;
    u32 *first_refused;
    u32 count;
    u32 first_index;
    u32 node;
    u32 reserved;
};

__device__ __forceinline__ void store_block_sum(u64 total, u64 *y) {
    __shared__ u64 shared[LANES];
    for (u32 width = LANES / 2; width > 0; width /= 2) {
        total += __shfl_xor_sync(ALL_LANES, total, width);
    }
    if (threadIdx.x % LANES == 0) {
        shared[threadIdx.x / LANES] = total;
    }
    __syncthreads();
    if (threadIdx.x == 0) {
        u64 sum = 0;
        for (u32 warp = 0; warp < blockDim.x / LANES; warp++) {
            sum += shared[warp];
        }
        *y = sum;
    }
}

extern "C" __global__ void bit_sum(const __grid_constant__ Sum p) {
    const float *x = (const float *)p.x;
    u64 total = 0;
#pragma unroll 8
    for (u32 i = threadIdx.x; i < p.count; i += blockDim.x) {
        if (magnitude(x[i]) >= NOT_FINITE) {
            refuse(p.first_refused, p.node);
        }
        total += mix(p.first_index + i, to_bits(x[i]));
    }
    store_block_sum(total, p.y);
}

extern "C" __global__ void total_sum(const __grid_constant__ Sum p) {
    const u64 *x = (const u64 *)p.x;
    u64 total = 0;
    for (u32 i = threadIdx.x; i < p.count; i += blockDim.x) {
        total += x[i];
    }
    store_block_sum(total, p.y);
}
