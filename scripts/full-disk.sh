#!/usr/bin/env bash
# Runs a server on a small disk until the disk is full, frees space, and kills the server. Checks
# that uploads are rejected with the right reason, that changes wait while the disk is full, and that
# no change is lost after a restart. Needs root, for a tmpfs of 160 MiB. The environment variable
# PSOM can contain the path of the program to run.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -z "${PSOM:-}" ]; then
  cargo build --quiet --release -p psom-cli
  PSOM=target/release/psom
fi
psom() { "$PSOM" "$@"; }

disk=$(mktemp -d)
mount -t tmpfs -o size=160m psom-full-disk "$disk"
server=
finish() {
  [ -z "$server" ] || kill -9 "$server" 2>/dev/null || true
  wait 2>/dev/null || true
  umount "$disk" && rmdir "$disk"
  rm -rf "$work"
}
work=$(mktemp -d)
trap finish EXIT

fail() { echo "FAILED: $*" >&2; cat "$work/log" >&2; exit 1; }

serve() {
  : > "$work/links"
  "$PSOM" serve --demo --data "$disk/data" --listen 127.0.0.1:0 --http 127.0.0.1:0 \
    > "$work/links" 2> "$work/log" &
  server=$!
  until [ "$(wc -l < "$work/links")" = 3 ]; do
    kill -0 "$server" 2>/dev/null || fail "the server does not start"
    sleep 0.1
  done
  link=$(sed -n 's/^presenter *//p' "$work/links")
  health="$(sed -n 's/.*"http":"\([^"]*\)".*/\1/p' "$disk/data/server.json")/healthz"
}

health_is() { [[ "$(curl -sf "$health")" == *"\"$1\""* ]]; }

serve
psom whiteboard "$link" Board create > /dev/null
psom whiteboard "$link" Board text before --at 10,10 > /dev/null

echo "Uploading a file that would leave less than 128 MiB of free space"
head -c 64M /dev/urandom > "$work/large.bin"
if psom share "$link" "$work/large.bin" > /dev/null 2> "$work/refused"; then
  fail "the upload was accepted"
fi
cat "$work/refused"
grep -q "room" "$work/refused" || fail "the upload was rejected for another reason"
psom whiteboard "$link" Board text during --at 10,40 > /dev/null
health_is ok || fail "the server does not report a healthy store"

echo "Filling the disk"
cat /dev/zero > "$disk/filler" 2> /dev/null || true
long=$(head -c 2000 /dev/zero | tr '\0' x)
psom whiteboard "$link" Board text "$long" --at 10,70 > "$work/waits" 2>&1 &
waits=$!
until health_is waiting; do
  kill -0 "$waits" 2>/dev/null || fail "the change did not wait: $(cat "$work/waits")"
  sleep 0.1
done
curl -s "$health"; echo
kill -0 "$waits" 2>/dev/null || fail "the change was confirmed before it was saved"

echo "Freeing space"
rm "$disk/filler"
wait "$waits" || fail "$(cat "$work/waits")"
until health_is ok; do sleep 0.1; done

echo "Killing and restarting the server"
kill -9 "$server"
wait "$server" 2>/dev/null || true
serve
psom whiteboard "$link" Board export -o "$work/board.svg" > /dev/null
for text in before during "$long"; do
  grep -q "$text" <<< "$(tr -d '\n' < "$work/board.svg")" || fail "${text:0:20} is missing"
done
kill -INT "$server"
wait "$server" || fail "the server did not exit cleanly"
server=
psom store check --data "$disk/data"
echo "All changes are there."
