#!/usr/bin/env bash
# One stay on one GPU that starts from the packed arena world, or from $START, and teaches its two passes what
# four of the arena world make and remember. training/README.md tells how it is begun and what comes of it.
# Results and logs: $RESULTS; the file `done` there comes last.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.."
CARRIED=${CARRIED:-.carry} WORK=${WORK:-/tmp} RESULTS=${RESULTS:-/tmp/results}
FRAMES_WANTED=${FRAMES_WANTED:-500000} SHARDS_WANTED=${SHARDS_WANTED:-100} STAYS_WANTED=${STAYS_WANTED:-163840}
SECONDS_REFINED=${SECONDS_REFINED:-1150}
ARENA=$CARRIED/arena.safetensors ARENA_ENCODER=training/encoders/arena.safetensors START=${START:-$ARENA}
FRAMES=$WORK/frames/arena LATENTS=$WORK/latents/arena STAYS=$WORK/frames/stays STAYS_LATENTS=$WORK/latents/stays
HELDOUT=$WORK/heldout-arena.safetensors
SHAPE="latent_channels=32 decoder=[224,160,96] encoder=[96,160,224] mlp=1408"
ABOUT="A latent diffusion transformer that learned the arena of ViZDoom's deathmatch scenario."
export PYTHONUNBUFFERED=1 TORCHINDUCTOR_CACHE_DIR=$WORK/inductor

stage() { python3 -m training "$@"; }
play() { PYTHONPATH=$WORK/site:${PYTHONPATH:-} stage "$@"; }
await() { until [ -e "$1" ]; do sleep 1; done; }

# packed NAME [OTHER]: the float file NAME to a world file, with its manifest or that of OTHER.
packed() {
    "$WORK/worldtape" world pack "$WORK/$1.float.safetensors" \
        --manifest "$WORK/${2:-$1}.float.manifest.json" -o "$WORK/$1.safetensors"
}

# exported NAME: what is trained, as it was saved last, as the world NAME.
exported() {
    stage export "$WORK/few-passes" --data "$LATENTS" --prompts-from "$ARENA" --passes 2 --name arena \
        --about "$ABOUT" -o "$WORK/$1.float.safetensors"
    packed "$1"
}

# What there is so far, whenever it was saved: a machine that is lent may be gone before the end.
so_far() {
    await "$WORK/arena-encoded"
    until [ -e "$WORK/refined" ]; do
        if [ "$WORK/few-passes/refined.pt" -nt "$WORK/so-far.safetensors" ]; then
            exported so-far && split -b 15000000 "$WORK/so-far.safetensors" "$RESULTS/so-far.part-"
        fi
        sleep 5
    done
}

# mean NAME SHARE OTHER: the mean of what was trained, its share, and of the arena world, the other.
mean() {
    stage average "$WORK/few-passes.safetensors=$2" "$ARENA=$3" -o "$WORK/$1.float.safetensors"
    packed "$1" few-passes
    judged "$1"
}

# judged NAME: the gates of a world file, few plays of each, the long ones on the processor; and the two
# golden tapes that are recorded on a GPU.
judged() {
    local world=$WORK/$1.safetensors
    local evaluates=("$WORK/worldtape" world evaluate "$world" --data "$HELDOUT" --json)
    "$WORK/worldtape" record --actions "$CARRIED/h200-patrol.txt" --start 0 --seed 11 --passes 3 --world "$world" \
        --device cuda:0 -o "$RESULTS/$1-h200-yard.wtape"
    "$WORK/worldtape" record --actions "$CARRIED/h200-hunt.txt" --start 2 --seed 12 --passes 2 --world "$world" \
        --device cuda:0 -o "$RESULTS/$1-h200-corner.wtape"
    "${evaluates[@]}" --only reconstruction,next-frame,free-running,sharpness,obedience --starts 200 \
        --device cuda:0 >"$RESULTS/$1-gates.json" &
    "${evaluates[@]}" --passes 4 --only next-frame,free-running --starts 200 \
        --device cuda:0 >"$RESULTS/$1-four-passes.json" &
    for prompt in 0 1 2 3; do
        RAYON_NUM_THREADS=1 "${evaluates[@]}" --only stability --frames 300 --prompts $prompt --device cpu \
            >"$RESULTS/$1-stability-$prompt.json" &
    done
    wait
}

unpack() {
    mkdir -p "$WORK/site" "$RESULTS"
    python3 -m zipfile -e "$CARRIED/vizdoom.zip" "$WORK/site" && chmod -R a+x "$WORK/site/vizdoom"
    python3 -c "import lzma, sys; sys.stdout.buffer.write(lzma.open('$CARRIED/worldtape.xz').read())" \
        >"$WORK/worldtape"
    chmod +x "$WORK/worldtape"
}

games() {
    play collect "$STAYS" --scenario arena --policy stay --alone --frames "$STAYS_WANTED"
    play collect "$FRAMES" --scenario arena --policy linger --frames "$FRAMES_WANTED" --minutes 3
    touch "$WORK/arena-played"
    play heldout --scenario arena --seed 1001 -o "$WORK/raw-arena.safetensors"
    touch "$WORK/heldout-played"
}

arena_latents() {
    await "$FRAMES/shard-00001.safetensors"
    stage encode "$STAYS" --float "$ARENA" --encoder $ARENA_ENCODER -o "$STAYS_LATENTS"
    local last=
    until [ -n "$last" ]; do
        [ -e "$WORK/arena-played" ] && last=1
        stage encode "$FRAMES" --float "$ARENA" --encoder $ARENA_ENCODER -o "$LATENTS" --minutes 2
    done
    mkdir -p "$WORK/some" && ln -sf "$FRAMES"/shard-0000*.safetensors "$WORK/some/"
    stage autoencoder "$WORK/few-passes" --start-from "$ARENA" --encoder $ARENA_ENCODER \
        --data "$WORK/some" --shape $SHAPE --set steps=0 freeze_decoder=true
    stage focus "$WORK/few-passes" --data "$WORK/some"
    await "$WORK/heldout-played"
    stage encode-heldout "$WORK/raw-arena.safetensors" --float "$ARENA" \
        --encoder $ARENA_ENCODER --name arena -o "$HELDOUT"
    touch "$WORK/arena-encoded"
}

# Two passes learn what four passes make, and what four remember.
few_passes() {
    so_far &
    stage refine "$WORK/few-passes" --start-from "$START" --teacher "$ARENA" --data "$LATENTS" \
        --stays "$STAYS_LATENTS" --compile --minutes 25 \
        --await-shards "$SHARDS_WANTED" --set steps=60000 seconds="$SECONDS_REFINED" "passes=[2,2,2,3]" \
        teacher_passes=4 teach=5 played=16 played_truth=8 restarts=0.2 held_restarts=0.04 lingering=0.375 \
        staying=0.125 staying_taught=3 contrast=20 rate=2.5e-4 warmup=100 average=0.999 gain_least=0.5 \
        gain_most=3 sharpness=1.05
    touch "$WORK/refined"
    await "$WORK/arena-encoded"
    exported few-passes
    split -b 15000000 "$WORK/few-passes.safetensors" "$RESULTS/few-passes.part-"
    cp "$WORK/few-passes.float.manifest.json" "$RESULTS"
    judged few-passes &
    mean mean-85 0.85 0.15 &
    mean mean-70 0.7 0.3 &
    mean mean-55 0.55 0.45 &
    wait
}

unpack
games >"$RESULTS/games.log" 2>&1 &
arena_latents >"$RESULTS/arena-latents.log" 2>&1 &
few_passes >"$RESULTS/few-passes.log" 2>&1
touch "$RESULTS/done"
