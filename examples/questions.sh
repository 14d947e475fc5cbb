#!/usr/bin/env bash
# Answers every question of a list, one process for all: the model is loaded once, and /clear makes each question the first.
#   examples/questions.sh < questions.txt
set -euo pipefail
sed 's/$/\n\/clear/' | ${MINKA:-./minka} chat --seed 1
