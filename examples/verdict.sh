#!/usr/bin/env bash
# Uses an answer in a program: asks for JSON about the answer, and takes the text and the number of tokens out of it.
#   examples/verdict.sh "What is 12 + 30?"
set -euo pipefail
reply=$(${MINKA:-./minka} run --json --temp 0 "$1")
text=$(sed -E 's/.*"text":"(([^"\\]|\\.)*)".*/\1/' <<<"$reply")
tokens=$(sed -E 's/.*"completion_tokens":([0-9]+).*/\1/' <<<"$reply")
echo "$text ($tokens tokens)"
