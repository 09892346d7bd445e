#!/usr/bin/env bash
# Compares the Rust codec with the JavaScript codec on random messages of every interface.
# usage: scripts/compare-codecs.sh [COUNT] [SEED]
set -euo pipefail
cd "$(dirname "$0")/.."
cargo run --quiet -p psom-tests --bin codec_messages -- --count "${1:-1000000}" --seed "${2:-1}" \
  | node psom-js/tools/compare-codecs.js
