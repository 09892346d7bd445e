#!/bin/sh
# Kills a server 200 times (or the given number of times) while it stores calls in a file journal, and checks
# that nothing that it has acknowledged is missing.
set -eu
cd "$(dirname "$0")/.."
exec cargo run --release -p psom-tests --bin kill_journal -- "${1:-200}"
