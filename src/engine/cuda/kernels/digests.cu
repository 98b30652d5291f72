// blake3 of what ops wrote, for taps: a thread for each chunk, then for each pair of nodes, level
// by level. Integers alone.

enum : u32 {
    CHUNK_BYTES = 1024,
    BLOCK_BYTES = 64,
    BLOCK_WORDS = 16,
    VALUE_WORDS = 8,
    CHUNK_START = 1,
    CHUNK_END = 2,
    PARENT = 4,
    ROOT = 8,
};

// What one op wrote. Layout: `Span` in digests.rs.
struct Span {
    const u8 *start;
    u64 bytes; // one at least
};

// One level of all trees. Layout: `Level` in digests.rs. `firsts` has the number of the first node
// of each tree, and behind the last the number of all.
struct Level {
    const Span *spans;
    const u32 *firsts_below;
    const u32 *firsts;
    const u32 *below;
    u32 *values;
    u32 *digests;
    u32 trees;
    u32 nodes;
};

static __device__ const u32 START[VALUE_WORDS] = {
    0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au,
    0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u,
};

__device__ __forceinline__ u32 turned(u32 x, u32 right) {
    return (x >> right) | (x << (32 - right));
}

__device__ __forceinline__ void mix_four(u32 &a, u32 &b, u32 &c, u32 &d, u32 first, u32 second) {
    a += b + first;
    d = turned(d ^ a, 16);
    c += d;
    b = turned(b ^ c, 12);
    a += b + second;
    d = turned(d ^ a, 8);
    c += d;
    b = turned(b ^ c, 7);
}

// The chaining value after one block. `block` is used up.
__device__ void compress(u32 *value, u32 *block, u64 counter, u32 bytes, u32 flags) {
    const u32 order[BLOCK_WORDS] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
    u32 v[BLOCK_WORDS] = {
        value[0], value[1], value[2], value[3], value[4], value[5], value[6], value[7],
        START[0], START[1], START[2], START[3], (u32)counter, (u32)(counter >> 32), bytes, flags,
    };
#pragma unroll
    for (u32 round = 0; round < 7; round++) {
        mix_four(v[0], v[4], v[8], v[12], block[0], block[1]);
        mix_four(v[1], v[5], v[9], v[13], block[2], block[3]);
        mix_four(v[2], v[6], v[10], v[14], block[4], block[5]);
        mix_four(v[3], v[7], v[11], v[15], block[6], block[7]);
        mix_four(v[0], v[5], v[10], v[15], block[8], block[9]);
        mix_four(v[1], v[6], v[11], v[12], block[10], block[11]);
        mix_four(v[2], v[7], v[8], v[13], block[12], block[13]);
        mix_four(v[3], v[4], v[9], v[14], block[14], block[15]);
        u32 next[BLOCK_WORDS];
#pragma unroll
        for (u32 i = 0; i < BLOCK_WORDS; i++) {
            next[i] = block[order[i]];
        }
#pragma unroll
        for (u32 i = 0; i < BLOCK_WORDS; i++) {
            block[i] = next[i];
        }
    }
#pragma unroll
    for (u32 i = 0; i < VALUE_WORDS; i++) {
        value[i] = v[i] ^ v[i + VALUE_WORDS];
    }
}

// Words of up to 64 bytes, zeros behind them.
__device__ __forceinline__ void load_block(const u8 *from, u32 bytes, u32 *block) {
    bool is_whole = bytes == BLOCK_BYTES && (u64)from % sizeof(u32) == 0;
#pragma unroll
    for (u32 i = 0; i < BLOCK_WORDS; i++) {
        u32 word = 0;
        if (is_whole) {
            word = ((const u32 *)from)[i];
        } else {
            for (u32 j = 0; j < 4; j++) {
                u32 at = 4 * i + j;
                word |= at < bytes ? (u32)from[at] << (8 * j) : 0;
            }
        }
        block[i] = word;
    }
}

// The tree that node `node` is in: the one whose nodes begin at or before it and end behind it.
__device__ __forceinline__ u32 tree_of(const u32 *firsts, u32 trees, u32 node) {
    u32 low = 0, high = trees - 1;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (firsts[middle + 1] > node) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

__device__ __forceinline__ void put_value(const u32 *value, u32 *to) {
    for (u32 i = 0; i < VALUE_WORDS; i++) {
        to[i] = value[i];
    }
}

extern "C" __global__ void digest_chunks(const __grid_constant__ Level p) {
    for (u32 node = first_index(); node < p.nodes; node += all_threads()) {
        u32 tree = tree_of(p.firsts, p.trees, node);
        u32 chunk = node - p.firsts[tree];
        Span span = p.spans[tree];
        u64 before = (u64)chunk * CHUNK_BYTES;
        const u8 *from = span.start + before;
        u32 left = (u32)(span.bytes - before < CHUNK_BYTES ? span.bytes - before : CHUNK_BYTES);
        bool is_root = span.bytes <= CHUNK_BYTES;
        u32 value[VALUE_WORDS], block[BLOCK_WORDS];
        put_value(START, value);
        u32 flags = CHUNK_START;
        while (left > BLOCK_BYTES) {
            load_block(from, BLOCK_BYTES, block);
            compress(value, block, chunk, BLOCK_BYTES, flags);
            from += BLOCK_BYTES;
            left -= BLOCK_BYTES;
            flags = 0;
        }
        load_block(from, left, block);
        compress(value, block, chunk, left, flags | CHUNK_END | (is_root ? ROOT : 0));
        put_value(value, is_root ? p.digests + tree * VALUE_WORDS : p.values + node * VALUE_WORDS);
    }
}

// Pairs of neighbours become parents; a last one without a neighbour goes up as it is. Trees that
// are down to their root have no node here.
extern "C" __global__ void digest_parents(const __grid_constant__ Level p) {
    for (u32 node = first_index(); node < p.nodes; node += all_threads()) {
        u32 tree = tree_of(p.firsts, p.trees, node);
        u32 count_below = p.firsts_below[tree + 1] - p.firsts_below[tree];
        u32 left = 2 * (node - p.firsts[tree]);
        const u32 *from = p.below + (p.firsts_below[tree] + left) * VALUE_WORDS;
        if (left + 1 == count_below) {
            put_value(from, p.values + node * VALUE_WORDS);
            continue;
        }
        u32 value[VALUE_WORDS], block[BLOCK_WORDS];
        put_value(START, value);
        put_value(from, block);
        put_value(from + VALUE_WORDS, block + VALUE_WORDS);
        bool is_root = count_below == 2;
        compress(value, block, 0, BLOCK_BYTES, PARENT | (is_root ? ROOT : 0));
        put_value(value, is_root ? p.digests + tree * VALUE_WORDS : p.values + node * VALUE_WORDS);
    }
}
