#!/usr/bin/env bash
# Kills a server 200 times (or the number of times in the first argument) at random moments under
# load. Checks after each restart that the server still has every state that a client had seen.
set -euo pipefail
cd "$(dirname "$0")/.."
PSOM_KILLS="${1:-200}" cargo test --release -p psom-cli --test it kill:: -- --nocapture
