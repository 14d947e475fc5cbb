#!/usr/bin/env bash
# Runs the collectives bench as one process per rank, each in its own network namespace behind a link of 1 Gbit/s in
# both directions (token bucket), all joined by a bridge in a namespace of its own. Needs root, iproute2 and tbf. BURST
# sets the bucket (default: 256kb): what passes before the rate holds.
#
# usage: bench/Collectives/emulate.sh RANKS [RATE] [OPTION OF THE BENCH...]      e.g. 4 1gbit --wires q8
set -euo pipefail
ranks=${1:?"how many ranks?"} rate=${2:-1gbit}
shift $(($# < 2 ? $# : 2))
bench=$(dirname "$(readlink -f "$0")")/../../artifacts/bin/Minka.Bench/release/Minka.Bench.dll
name=minka$$ key=$(mktemp) pids=()

cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    ip netns del "$name-switch" 2>/dev/null || true
    for ((i = 0; i < ranks; i++)); do ip netns del "$name-$i" 2>/dev/null || true; done
    rm -f "$key"
}
trap cleanup EXIT

printf 'minka-key-%s' "$(od -An -tx1 -N32 /dev/urandom | tr -d ' \n')" >"$key"
ip netns add "$name-switch"
ip -n "$name-switch" link add br0 type bridge
ip -n "$name-switch" link set br0 up
peers=
for ((i = 0; i < ranks; i++)); do
    ip netns add "$name-$i"
    ip -n "$name-switch" link add "port$i" type veth peer name eth0 netns "$name-$i"
    ip -n "$name-switch" link set "port$i" master br0 up
    ip -n "$name-$i" addr add "10.77.0.$((i + 1))/24" dev eth0
    ip -n "$name-$i" link set eth0 up
    ip -n "$name-$i" link set lo up
    ip netns exec "$name-$i" tc qdisc add dev eth0 root tbf rate "$rate" burst "${BURST:-256kb}" latency "${LATENCY:-20ms}"
    ip netns exec "$name-switch" tc qdisc add dev "port$i" root tbf rate "$rate" burst "${BURST:-256kb}" latency "${LATENCY:-20ms}"
    peers+=${peers:+,}10.77.0.$((i + 1)):9100
done
for ((i = ranks - 1; i >= 0; i--)); do
    ip netns exec "$name-$i" dotnet "$bench" collectives --rank "$i" --listen "10.77.0.$((i + 1)):9100" \
        --peers "$peers" --key "$key" "$@" &
    pids+=($!)
done
wait "${pids[@]}"
pids=()
