#!/usr/bin/env bash
# Times a frame of the Doom world in Worldtape and in PyTorch, one after the other on one machine.
#
#   benches/peers/run.sh FLOAT_WORLD FOLDER
#
# FLOAT_WORLD is the float file that worlds/doom.safetensors was packed from; FOLDER must not exist
# and gets every sample. PYTHON names a python with requirements.txt installed, FRAMES and THREADS
# how many. Worldtape runs first and last: two equal rows say that the machine stayed the same.
set -euo pipefail

world=$(realpath "$1")
mkdir "$2"
folder=$(realpath "$2")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-python3}
frames=${FRAMES:-300}
threads=${THREADS:-2}
program=${CARGO_TARGET_DIR:-target}/release/worldtape
vectors=tests/data/doom-reference.safetensors

worldtape() {
    RAYON_NUM_THREADS=$threads "$program" bench --frames "$frames" --json "$folder/$1.jsonl" \
        >"$folder/$1.txt"
}

pytorch() {
    "$python" benches/peers/pytorch_frame.py "$world" "$vectors" --mode "$2" \
        --threads "$threads" --frames "$frames" >"$folder/$1.json"
}

cargo build --release --no-default-features --locked
worldtape 1-worldtape-first
pytorch 2-pytorch-eager eager
pytorch 3-pytorch-compile compile
pytorch 4-pytorch-frozen frozen
worldtape 5-worldtape-last
sed -n '1,/^memory/p' "$folder/5-worldtape-last.txt"
grep '^doubt' "$folder/1-worldtape-first.txt" "$folder/5-worldtape-last.txt" || true
"$python" benches/peers/table.py "$folder" | tee "$folder/table.md"
