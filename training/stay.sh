#!/usr/bin/env bash
# One stay on two GPUs that starts from the packed arena world: fewer passes and a longer memory for it on
# the first, a world of corridors and health on the second. training/README.md tells how it is begun and
# what comes of it. Results and logs: $RESULTS; the file `done` there comes last.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CARRIED=${CARRIED:-.carry} WORK=${WORK:-/tmp} RESULTS=${RESULTS:-/tmp/results}
ARENA=$CARRIED/arena.safetensors ARENA_ENCODER=training/encoders/arena.safetensors
FRAMES=$WORK/frames LATENTS=$WORK/latents
SHAPE="latent_channels=32 decoder=[224,160,96] encoder=[96,160,224] mlp=1408"
export PYTHONUNBUFFERED=1 TORCHINDUCTOR_CACHE_DIR=$WORK/inductor

stage() { python3 -m training "$@"; }
play() { PYTHONPATH=$WORK/site:${PYTHONPATH:-} stage "$@"; }
await() { until [ -e "$1" ]; do sleep 1; done; }

# packed NAME: the float file of a run to a world file, in parts that travel.
packed() {
    "$WORK/worldtape" world pack "$WORK/$1.float.safetensors" --manifest "$WORK/$1.float.manifest.json" \
        -o "$WORK/$1.safetensors" && split -b 15000000 "$WORK/$1.safetensors" "$RESULTS/$1.part-"
    cp "$WORK/$1.float.manifest.json" "$RESULTS"
}

unpack() {
    mkdir -p "$WORK/site" "$RESULTS"
    python3 -m zipfile -e "$CARRIED/vizdoom.zip" "$WORK/site" && chmod -R a+x "$WORK/site/vizdoom"
    python3 -c "import lzma, sys; sys.stdout.buffer.write(lzma.open('$CARRIED/worldtape.xz').read())" \
        >"$WORK/worldtape"
    chmod +x "$WORK/worldtape"
}

games() {
    play collect "$FRAMES/corridors" --scenario corridors --policy linger --frames 160000 --minutes 2
    play collect "$FRAMES/health" --scenario health --policy linger --frames 130000 --minutes 2
    touch "$WORK/rooms-played"
    play collect "$FRAMES/arena" --scenario arena --policy linger --frames 700000 --minutes 2
    touch "$WORK/arena-played"
    for scenario in arena corridors health; do
        play heldout --scenario $scenario --seed 1001 --circles 32 -o "$WORK/raw-$scenario.safetensors" &
    done
    wait
    touch "$WORK/heldout-played"
}

arena_latents() {
    await "$FRAMES/arena/shard-00001.safetensors"
    local last=
    until [ -n "$last" ]; do
        [ -e "$WORK/arena-played" ] && last=1
        stage encode "$FRAMES/arena" --float "$ARENA" --encoder $ARENA_ENCODER \
            -o "$LATENTS/arena" --minutes 2
    done
    mkdir -p "$WORK/some" && ln -sf "$FRAMES"/arena/shard-0000*.safetensors "$WORK/some/"
    touch "$WORK/arena-encoded"
    await "$WORK/heldout-played"
    stage encode-heldout "$WORK/raw-arena.safetensors" --float "$ARENA" \
        --encoder $ARENA_ENCODER --name arena -o "$WORK/heldout-arena.safetensors"
}

# Two passes learn what four passes make.
few_passes() {
    stage refine "$WORK/few-passes" --start-from "$ARENA" --data "$LATENTS/arena" --compile --minutes 18 \
        --await-shards 80 --set steps=60000 seconds=900 "passes=[2,2,2,3]" teacher_passes=4 teach=5 \
        rate=2.5e-4 warmup=100 average=0.999 gain_least=0.05 gain_most=1.5 sharpness=1.0
    stage autoencoder "$WORK/few-passes" --start-from "$ARENA" --encoder $ARENA_ENCODER \
        --data "$WORK/some" --shape $SHAPE --set steps=0 freeze_decoder=true
    stage polish "$WORK/few-passes" --data "$WORK/some" --latents "$LATENTS/arena" --minutes 1 \
        --set steps=20000 seconds=40 passes=2 sharpness=0.95
    stage export "$WORK/few-passes" --data "$LATENTS/arena" --prompts-from "$ARENA" --passes 2 \
        --name arena --about "A latent diffusion transformer that learned the arena of ViZDoom's deathmatch scenario." \
        -o "$WORK/arena.float.safetensors"
    packed arena
    stage evaluate "$WORK/arena.float.safetensors" "$WORK/heldout-arena.safetensors" \
        --passes 2 --starts 500 --batch 256 --groups next-frame free-running -o "$RESULTS/few-passes"
    touch "$RESULTS/few-passes-done"
}

# Can it learn to look back over a whole turn?
long_memory() {
    await "$WORK/arena-encoded"
    stage world "$WORK/long-memory" --start-from "$ARENA" --data "$LATENTS/arena" --compile --minutes 20 \
        --shape $SHAPE window=111 \
        --set steps=60000 seconds=1000 frames=128 batch=6 rate=5e-4 warmup=100 played_from=1
    stage autoencoder "$WORK/long-memory" --start-from "$ARENA" --encoder $ARENA_ENCODER \
        --data "$WORK/some" --shape $SHAPE window=111 --set steps=0 freeze_decoder=true
    stage export "$WORK/long-memory" --data "$LATENTS/arena" --prompts-from "$ARENA" --name long-memory \
        --about "A try." -o "$WORK/long-memory.float.safetensors"
    packed long-memory
    for world in "$ARENA" "$WORK/long-memory.float.safetensors"; do
        stage evaluate "$world" "$WORK/heldout-arena.safetensors" --starts 100 --batch 64 \
            --groups circle next-frame free-running -o "$RESULTS/memory-$(basename "$world" .safetensors)"
    done
}

# Another world of the same shape.
rooms() {
    await "$WORK/rooms-played"
    stage autoencoder "$WORK/rooms" --start-from "$ARENA" --encoder $ARENA_ENCODER --compile --minutes 5 \
        --data "$FRAMES/corridors" "$FRAMES/health" --shape $SHAPE \
        --set steps=40000 seconds=190 rate=6e-4 critic_from=0.45
    for scenario in corridors health; do
        stage encode "$FRAMES/$scenario" --run "$WORK/rooms" -o "$LATENTS/$scenario"
    done
    stage world "$WORK/rooms" --start-from "$ARENA" --data "$LATENTS/corridors" "$LATENTS/health" \
        --compile --minutes 8 --shape $SHAPE --set steps=60000 seconds=380 rate=7e-4 warmup=200
    stage refine "$WORK/rooms" --data "$LATENTS/corridors" "$LATENTS/health" --compile --minutes 8 \
        --set steps=60000 seconds=380 "passes=[3,3,2]" rate=3e-4 warmup=100 average=0.998 \
        gain_least=0.05 gain_most=2 sharpness=1.05 press_share=0
    mkdir -p "$WORK/some-rooms"
    for scenario in corridors health; do
        for shard in "$FRAMES/$scenario"/shard-0000[0-4].safetensors; do
            ln -sf "$shard" "$WORK/some-rooms/shard-$scenario-$(basename "$shard")"
        done
    done
    stage polish "$WORK/rooms" --data "$WORK/some-rooms" --latents "$LATENTS/corridors" "$LATENTS/health" \
        --minutes 1 --set steps=20000 seconds=40 passes=3 sharpness=0.95
    stage export "$WORK/rooms" --data "$LATENTS/corridors" "$LATENTS/health" --prompts 2 --name rooms \
        --about "A latent diffusion transformer that learned ViZDoom's scenarios my way home and health gathering." \
        -o "$WORK/rooms.float.safetensors"
    packed rooms
    python3 - "$WORK/rooms.float.safetensors" "$RESULTS/rooms-encoder.safetensors" <<'PYTHON'
import sys
from safetensors.torch import load_file, save_file
kept = {name: value for name, value in load_file(sys.argv[1]).items() if name.startswith("ae.enc.")}
save_file(kept, sys.argv[2])
PYTHON
    for scenario in corridors health; do
        stage encode-heldout "$WORK/raw-$scenario.safetensors" --run "$WORK/rooms" \
            --name rooms -o "$WORK/heldout-$scenario.safetensors"
        stage evaluate "$WORK/rooms.float.safetensors" "$WORK/heldout-$scenario.safetensors" \
            --starts 500 --batch 256 --groups reconstruction next-frame free-running \
            -o "$RESULTS/rooms-$scenario"
    done
}

unpack
games >"$RESULTS/games.log" 2>&1 &
CUDA_VISIBLE_DEVICES=0 arena_latents >"$RESULTS/arena-latents.log" 2>&1 &
CUDA_VISIBLE_DEVICES=0 few_passes >"$RESULTS/few-passes.log" 2>&1 &
CUDA_VISIBLE_DEVICES=0 long_memory >"$RESULTS/long-memory.log" 2>&1 &
CUDA_VISIBLE_DEVICES=1 rooms >"$RESULTS/rooms.log" 2>&1 &
wait
touch "$RESULTS/done"
