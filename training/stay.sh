#!/usr/bin/env bash
# One stay on one GPU that starts from the packed arena world and teaches its two passes what four make and
# remember. training/README.md tells how it is begun and what comes of it. Results and logs: $RESULTS; the
# file `done` there comes last.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CARRIED=${CARRIED:-.carry} WORK=${WORK:-/tmp} RESULTS=${RESULTS:-/tmp/results}
FRAMES_WANTED=${FRAMES_WANTED:-500000} SHARDS_WANTED=${SHARDS_WANTED:-100} SECONDS_REFINED=${SECONDS_REFINED:-1050}
ARENA=$CARRIED/arena.safetensors ARENA_ENCODER=training/encoders/arena.safetensors
FRAMES=$WORK/frames/arena LATENTS=$WORK/latents/arena HELDOUT=$WORK/heldout-arena.safetensors
SHAPE="latent_channels=32 decoder=[224,160,96] encoder=[96,160,224] mlp=1408"
ABOUT="A latent diffusion transformer that learned the arena of ViZDoom's deathmatch scenario."
export PYTHONUNBUFFERED=1 TORCHINDUCTOR_CACHE_DIR=$WORK/inductor

stage() { python3 -m training "$@"; }
play() { PYTHONPATH=$WORK/site:${PYTHONPATH:-} stage "$@"; }
await() { until [ -e "$1" ]; do sleep 1; done; }

# packed NAME: a float file to a world file, in parts that travel.
packed() {
    "$WORK/worldtape" world pack "$WORK/$1.float.safetensors" --manifest "$WORK/arena.float.manifest.json" \
        -o "$WORK/$1.safetensors" && split -b 15000000 "$WORK/$1.safetensors" "$RESULTS/$1.part-"
}

unpack() {
    mkdir -p "$WORK/site" "$RESULTS"
    python3 -m zipfile -e "$CARRIED/vizdoom.zip" "$WORK/site" && chmod -R a+x "$WORK/site/vizdoom"
    python3 -c "import lzma, sys; sys.stdout.buffer.write(lzma.open('$CARRIED/worldtape.xz').read())" \
        >"$WORK/worldtape"
    chmod +x "$WORK/worldtape"
}

games() {
    play collect "$FRAMES" --scenario arena --policy linger --frames "$FRAMES_WANTED" --minutes 3
    touch "$WORK/arena-played"
    play heldout --scenario arena --seed 1001 --circles 32 -o "$WORK/raw-arena.safetensors"
    touch "$WORK/heldout-played"
}

arena_latents() {
    await "$FRAMES/shard-00001.safetensors"
    local last=
    until [ -n "$last" ]; do
        [ -e "$WORK/arena-played" ] && last=1
        stage encode "$FRAMES" --float "$ARENA" --encoder $ARENA_ENCODER -o "$LATENTS" --minutes 2
    done
    mkdir -p "$WORK/some" && ln -sf "$FRAMES"/shard-0000*.safetensors "$WORK/some/"
    stage autoencoder "$WORK/few-passes" --start-from "$ARENA" --encoder $ARENA_ENCODER \
        --data "$WORK/some" --shape $SHAPE --set steps=0 freeze_decoder=true
    await "$WORK/heldout-played"
    stage encode-heldout "$WORK/raw-arena.safetensors" --float "$ARENA" \
        --encoder $ARENA_ENCODER --name arena -o "$HELDOUT"
    touch "$WORK/arena-encoded"
}

# evaluated WORLD PASSES: how its next frames and free running are.
evaluated() {
    stage evaluate "$1" "$HELDOUT" --passes "$2" --starts 300 --batch 300 \
        --groups next-frame free-running -o "$RESULTS/$(basename "$1" .safetensors)-$2"
}

# Two passes learn what four passes make, and what four remember.
few_passes() {
    stage refine "$WORK/few-passes" --start-from "$ARENA" --data "$LATENTS" --compile --minutes 24 \
        --await-shards "$SHARDS_WANTED" --set steps=60000 seconds="$SECONDS_REFINED" "passes=[2,2,2,2,3]" \
        teacher_passes=4 teach=5 young=6 rate=2.5e-4 warmup=100 average=0.999 \
        gain_least=0.5 gain_most=1.5 sharpness=1.0
    await "$WORK/arena-encoded"
    stage export "$WORK/few-passes" --data "$LATENTS" --prompts-from "$ARENA" --passes 2 --name arena \
        --about "$ABOUT" -o "$WORK/arena.float.safetensors"
    packed arena
    for share in 0.4 0.7; do
        stage average "$WORK/arena.float.safetensors=$share" "$ARENA=$(python3 -c "print(1 - $share)")" \
            --decoder "$ARENA" -o "$WORK/mean-$share.safetensors"
    done
    touch "$RESULTS/packed"
    evaluated "$WORK/arena.float.safetensors" 2
    for share in 0.4 0.7; do evaluated "$WORK/mean-$share.safetensors" 2; done
    evaluated "$WORK/arena.float.safetensors" 4
    touch "$RESULTS/evaluated"
}

# The decoder alone learns to draw what long play makes now.
polished() {
    stage polish "$WORK/few-passes" --data "$WORK/some" --latents "$LATENTS" --minutes 1 \
        --set steps=20000 seconds=40 passes=2 sharpness=0.95
    stage export "$WORK/few-passes" --data "$LATENTS" --prompts-from "$ARENA" --passes 2 --name arena \
        --about "$ABOUT" -o "$WORK/polished.float.safetensors"
    packed polished
}

unpack
games >"$RESULTS/games.log" 2>&1 &
arena_latents >"$RESULTS/arena-latents.log" 2>&1 &
few_passes >"$RESULTS/few-passes.log" 2>&1
polished >"$RESULTS/polished.log" 2>&1
wait
touch "$RESULTS/done"
