#!/bin/sh
# Kills a server 200 times (or the number of times in the first argument) while it stores calls in a file
# journal. Checks that the journal contains every call that the server has acknowledged.
set -eu
cd "$(dirname "$0")/.."
exec cargo run --release -p psom-tests --bin kill_journal -- "${1:-200}"
