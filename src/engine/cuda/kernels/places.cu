// Values that change their place or become colours, none their bits.

enum : u32 { RANK = 6 };

// Layout: `Permute` in places.rs. Axis i of y has `sizes[i]` elements, `strides[i]` apart in x.
struct Permute {
    const float *x;
    float *y;
    u32 sizes[RANK];
    u32 strides[RANK];
    u32 count;
    u32 reserved;
};

extern "C" __global__ void permute(const __grid_constant__ Permute p) {
    for (u32 i = first_index(); i < p.count; i += all_threads()) {
        u32 rest = i, from = 0;
#pragma unroll
        for (int axis = (int)RANK - 1; axis >= 0; axis--) {
            u32 next = rest / p.sizes[axis];
            from += (rest - next * p.sizes[axis]) * p.strides[axis];
            rest = next;
        }
        p.y[i] = p.x[from];
    }
}

// Layout: `Picture` in places.rs.
struct Picture {
    const float *x;
    u8 *y;
    u32 *first_refused;
    u32 count;
    u32 node;
};

extern "C" __global__ void to_picture(const __grid_constant__ Picture p) {
    for (u32 i = first_index(); i < p.count; i += all_threads()) {
        if (magnitude(p.x[i]) >= NOT_FINITE) {
            refuse(p.first_refused, p.node);
        }
        p.y[i] = to_colour(p.x[i]);
    }
}
