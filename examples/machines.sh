#!/usr/bin/env bash
# Several machines on this one: a network namespace for each, joined by a switch, every link as fast as you say. Each runs
# minka worker with a key, and another one, the root, runs the command you give, which gets --workers and --key-file.
#   sudo examples/machines.sh 4 1gbit run "What is 12 + 30?" --tp 4 --report
#   sudo examples/machines.sh 8 100mbit bench -m model.gguf -p 0 -n 32 --report
#   sudo examples/machines.sh 2 1gbit try bash       a shell at the root, with minka on its path, $WORKERS and $KEY
# THREADS sets the compute threads of each worker (default: 1); CACHE names a folder that keeps their slices for the next
# time; HIDE names a folder that they do not see, as other machines do not see the model's. Needs root, iproute2, and a kernel with veth and tbf. The
# link of a namespace is a token bucket in both directions; its delay is that of the kernel, about 0.05 ms there and back.
set -euo pipefail
machines=${1:?"how many machines?"} rate=${2:?"how fast is a link, e.g. 1gbit?"}
shift 2
minka=${MINKA:-$(dirname "$(readlink -f "$0")")/../minka}
name=minka$$ folder=$(mktemp -d) pids=()

cleanup() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait "${pids[@]}" 2>/dev/null || true
    for ((i = 0; i <= machines; i++)); do ip netns del "$name-$i" 2>/dev/null || true; done
    ip netns del "$name-switch" 2>/dev/null || true
    rm -rf "$folder"
}
trap cleanup EXIT

plug() { # plug I: namespace I with address 10.77.0.(I+1) behind a link of $rate
    ip netns add "$name-$1"
    ip -n "$name-switch" link add "port$1" type veth peer name eth0 netns "$name-$1"
    ip -n "$name-switch" link set "port$1" master br0 up
    ip -n "$name-$1" addr add "10.77.0.$(($1 + 1))/24" dev eth0
    ip -n "$name-$1" link set eth0 up
    ip -n "$name-$1" link set lo up
    ip netns exec "$name-$1" tc qdisc add dev eth0 root tbf rate "$rate" burst 32kb latency 50ms
    ip netns exec "$name-switch" tc qdisc add dev "port$1" root tbf rate "$rate" burst 32kb latency 50ms
}

away() { # away COMMAND...: without what lies in $HIDE
    [[ -n ${HIDE:-} ]] || exec "$@"
    exec unshare -m bash -c 'mount -t tmpfs none "$0" && exec "$@"' "$HIDE" "$@"
}

ip netns add "$name-switch"
ip -n "$name-switch" link add br0 type bridge
ip -n "$name-switch" link set br0 up
$minka key new >"$folder/cluster.key"
workers=
for ((i = 0; i < machines; i++)); do
    plug "$i"
    away ip netns exec "$name-$i" $minka worker --listen "10.77.0.$((i + 1)):9000" --key-file "$folder/cluster.key" \
        --threads "${THREADS:-1}" --cache-dir "${CACHE:-$folder}/$i" >"$folder/worker$i.log" 2>&1 &
    pids+=($!)
    workers+=${workers:+,}10.77.0.$((i + 1)):9000
done
plug "$machines"
for ((i = 0; i < machines; i++)); do
    for ((tries = 0; tries < 300; tries++)); do
        grep -q "waiting for a root" "$folder/worker$i.log" && break
        sleep 0.1
    done
done
verb=$1
shift
if [[ $verb == try ]]; then
    mkdir "$folder/bin"
    printf '#!/bin/sh\nexec %s "$@"\n' "$minka" >"$folder/bin/minka"
    chmod +x "$folder/bin/minka"
    PATH=$folder/bin:$PATH WORKERS=$workers KEY=$folder/cluster.key ip netns exec "$name-$machines" "$@"
    exit
fi
case $verb in
    probe | top) set -- "$verb" "$workers" "$@" --key-file "$folder/cluster.key" ;;
    *) set -- "$verb" "$@" --workers "$workers" --key-file "$folder/cluster.key" ;;
esac
ip netns exec "$name-$machines" $minka "$@" || { status=$?; cat "$folder"/worker*.log >&2; exit $status; }
