// What a frame begins with: noise, buttons, times.

// Layout: `Begin` in sources.rs.
struct Begin {
    float *y;
    const Moment *moment;
    u32 count;
    u32 draw;
    float time;
    u32 reserved;
};

// Normal deviates, four a thread: Philox4x32-10, then Box-Muller on each pair of words.
__device__ __forceinline__ void philox(u32 counter[4], u32 first_key, u32 second_key) {
    for (u32 round = 0; round < 10; round++) {
        u64 first = (u64)0xd2511f53u * counter[0], second = (u64)0xcd9e8d57u * counter[2];
        u32 x0 = (u32)(second >> 32) ^ counter[1] ^ first_key;
        u32 x2 = (u32)(first >> 32) ^ counter[3] ^ second_key;
        counter[0] = x0;
        counter[1] = (u32)second;
        counter[2] = x2;
        counter[3] = (u32)first;
        first_key += 0x9e3779b9u;
        second_key += 0xbb67ae85u;
    }
}

__device__ __forceinline__ float upper_24_bits(u32 word) { return from_int((int)(word >> 8)); }

__device__ __forceinline__ void normal_pair(u32 radius_word, u32 angle_word, float *pair) {
    float steps = upper_24_bits(radius_word);
    float uniform = fma_rn(steps, from_bits(0x33800000), from_bits(0x33000000));
    float radius = square_root(multiply(-2.0f, logarithm(uniform)));
    float sine, cosine;
    sine_cosine_turns(multiply(upper_24_bits(angle_word), from_bits(0x33800000)), &sine, &cosine);
    pair[0] = multiply(radius, cosine);
    pair[1] = multiply(radius, sine);
}

extern "C" __global__ void noise(const __grid_constant__ Begin p) {
    u32 fours = (p.count + 3) / 4;
    u64 frame = p.moment->frame, seed = p.moment->seed;
    for (u32 four = first_index(); four < fours; four += all_threads()) {
        u32 words[4] = {four, p.draw, (u32)frame, (u32)(frame >> 32)};
        philox(words, (u32)seed, (u32)(seed >> 32));
        float deviates[4];
        normal_pair(words[0], words[1], deviates);
        normal_pair(words[2], words[3], deviates + 2);
        for (u32 i = 0; i < 4 && 4 * four + i < p.count; i++) {
            p.y[4 * four + i] = deviates[i];
        }
    }
}

extern "C" __global__ void buttons(const __grid_constant__ Begin p) {
    for (u32 i = first_index(); i < p.count; i += all_threads()) {
        p.y[i] = p.moment->action >> i & 1 ? 1.0f : 0.0f;
    }
}

extern "C" __global__ void time_embedding(const __grid_constant__ Begin p) {
    u32 half = p.count / 2;
    float slope = -divide(from_bits(0x41135d8e), from_int((int)half));
    float phase = multiply(1000.0f, p.time);
    for (u32 i = first_index(); i < half; i += all_threads()) {
        float frequency = exponential(multiply(slope, from_int((int)i)));
        float sine, cosine;
        sine_cosine(multiply(phase, frequency), &sine, &cosine);
        p.y[i] = cosine;
        p.y[half + i] = sine;
    }
}
