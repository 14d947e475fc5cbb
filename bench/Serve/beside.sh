#!/bin/bash
# minka serve beside llama-server: the same file, the same threads, taking turns at each number of users.
# bench/Serve/beside.sh MODEL.gguf LLAMA [THREADS] [USERS] [IN] [OUT]
#   LLAMA    a command that runs llama.cpp's tools: `LLAMA llama-server ...`
# Every number of users is measured on both before the next one, so that a busy moment falls on both. One JSON object a
# line goes to standard output, from `minka bench serve --json`.
set -euo pipefail
model=$1 llama=$2 threads=${3:-2} users=${4:-1 2 4 8 16} input=${5:-64} output=${6:-32}
here=$(cd "$(dirname "$0")/../.." && pwd)
minka=${MINKA:-$here/minka}

"$minka" serve "$model" --port 8190 --threads "$threads" --ctx 1024 --max-num-seqs 16 --no-prefix-caching \
  --served-model-name m > /tmp/beside-minka.log 2>&1 &
ours=$!
$llama llama-server -m "$model" --port 8191 -t "$threads" -c 16384 -np 16 --no-webui --alias m \
  > /tmp/beside-llama.log 2>&1 &
theirs=$!
trap 'kill $ours $theirs 2>/dev/null || true' EXIT

measure() { # NAME PORT USERS
  "$minka" bench serve --base-url "http://127.0.0.1:$2" --model m --endpoint /v1/completions \
    --dataset-name random --random-input-len "$input" --random-output-len "$output" --ignore-eos --temperature 0 \
    --max-concurrency "$3" --prompts-per-user 3 --num-warmups 1 --label "$1 $3" --disable-tqdm --json
}
for n in $users; do
  measure minka 8190 "$n"
  measure llama-server 8191 "$n"
done
