#!/usr/bin/env bash
# Runs a server on a small disk until that is full to its last byte, gives it room again, kills it,
# and checks that uploads were refused with the right reason, that what was drawn meanwhile waited,
# and that everything is there. Needs root, for a tmpfs of 160 MiB. PSOM may name the program to run.
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

echo "An upload that would leave less than 128 MiB"
head -c 64M /dev/urandom > "$work/large.bin"
if psom share "$link" "$work/large.bin" > /dev/null 2> "$work/refused"; then
  fail "it was taken"
fi
cat "$work/refused"
grep -q "room" "$work/refused" || fail "another reason was given"
psom whiteboard "$link" Board text during --at 10,40 > /dev/null
health_is ok || fail "the store does not say that it is well"

echo "A disk that is full to the last byte"
cat /dev/zero > "$disk/filler" 2> /dev/null || true
long=$(head -c 2000 /dev/zero | tr '\0' x)
psom whiteboard "$link" Board text "$long" --at 10,70 > "$work/waits" 2>&1 &
waits=$!
until health_is waiting; do
  kill -0 "$waits" 2>/dev/null || fail "nothing waits: $(cat "$work/waits")"
  sleep 0.1
done
curl -s "$health"; echo
kill -0 "$waits" 2>/dev/null || fail "somebody was told of what is not saved"

echo "Room again"
rm "$disk/filler"
wait "$waits" || fail "$(cat "$work/waits")"
until health_is ok; do sleep 0.1; done

echo "The server is killed, and started again"
kill -9 "$server"
wait "$server" 2>/dev/null || true
serve
psom whiteboard "$link" Board export -o "$work/board.svg" > /dev/null
for text in before during "$long"; do
  grep -q "$text" <<< "$(tr -d '\n' < "$work/board.svg")" || fail "${text:0:20} is missing"
done
kill -INT "$server"
wait "$server" || fail "the server does not end well"
server=
psom store check --data "$disk/data"
echo "Nothing is lost."
