#!/usr/bin/env bash
# Starts PostgreSQL, an S3 stand-in and three servers, and kills the owner of a meeting 200 times (or the number of
# times in the first argument) under load. Checks that everything that was acknowledged is on the next owner, and
# prints the times from a kill to the first acknowledgement elsewhere. Then suspends an owner for 15 s, and measures
# the drain of 100 meetings with 10 members each. PROFILE=test uses the build of the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
test=(cargo test --profile "${PROFILE:-release}" -p psom-server --features postgres,s3 --test it --)
PSOM_TEST_KILLS="${1:-200}" "${test[@]}" failures:: --nocapture --test-threads 1
for measurement in drain_of_many_meetings throughput_of_one_to_three_nodes; do
  "${test[@]}" "$measurement" --nocapture --ignored
done
