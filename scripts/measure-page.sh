#!/usr/bin/env bash
# Prints the size of the page as a browser downloads it, and the size of the library after minification. The
# server does not use the minified files. Needs npm for the minifier.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --quiet -p psom-server whole_page_is_below_60_kb -- --nocapture 2>&1 | grep 'the page has'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --silent --no-audit --no-fund --prefix "$work" esbuild@0.25 >/dev/null
cat >"$work/entry.js" <<END
export { Reader, Writer } from '$PWD/psom-js/codec.js';
export { Session } from '$PWD/psom-js/session.js';
export { Interface } from '$PWD/psom-js/interface.js';
END
"$work/node_modules/.bin/esbuild" "$work/entry.js" --bundle --minify --format=esm --outfile="$work/out.js" --log-level=error
echo "codec, session and proxies: $(wc -c <"$work/out.js") bytes minified, $(gzip -9c "$work/out.js" | wc -c) bytes of them as gzip"
