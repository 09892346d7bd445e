#!/usr/bin/env bash
# Measures the cost of the fence of a cluster's commits: the commit statement of psom-server against the same statement
# without the check of the owner, on a PostgreSQL of its own. Prints both latencies in each of five rounds.
# FOLDER=/dev/shm leaves out the time of the disk.
set -euo pipefail
cd "$(dirname "$0")/.."
postgres=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)")
work=$(mktemp -d -p "${FOLDER:-/tmp}")
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; else "$@"; fi; }
trap 'kill -INT "$(head -n 1 "$work/db/postmaster.pid")" 2>/dev/null; wait; rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/db"
[ "$(id -u)" != 0 ] || chown nobody "$work/db"
as "$postgres/initdb" -U psom -A trust -E UTF8 --no-locale -D "$work/db" >/dev/null
as "$postgres/postgres" -D "$work/db" -k "$work/db" -c listen_addresses= >"$work/log" 2>&1 &
until "$postgres/pg_isready" -q -h "$work/db"; do sleep 0.1; done

sql() { awk -v name="const $1:" 'index($0, name) { on = 1; next } on && /";$/ { sub(/";$/, ""); print; exit } on' "$2"; }
store=psom-server/src/store/postgres
{
  sql TABLES_SQL "$store/database.rs" | sed 's/\\"/"/g'
  echo ";INSERT INTO meetings VALUES ('team', NULL, 0, 0, 'node', 1, 1);"
} | "$postgres/psql" -q -h "$work/db" -U psom -d postgres -v ON_ERROR_STOP=1
# The settings of psom-server's sessions that affect the plan.
echo "ALTER ROLE psom SET enable_seqscan = off; ALTER ROLE psom SET jit = off" | "$postgres/psql" -q -h "$work/db" -U psom -d postgres

commit() {
  echo '\set n random(1, 1000)'
  sql COMMIT_SQL "$store/statements.rs" | sed "
    s/\\\$11::bigint\[\]/ARRAY[0]::bigint[]/
    s/\\\$10::text\[\]/ARRAY[repeat('x', 200)]/
    s/\\\$9::text\[\]/ARRAY['board\/' || :n]/
    s/\\\$8::text\[\]/ARRAY['team']/
    s/\\\$7::text\[\]/ARRAY[]::text[]/; s/\\\$6::text\[\]/ARRAY[]::text[]/; s/\\\$5::text\[\]/ARRAY[]::text[]/
    s/\\\$4::bigint\[\]/ARRAY[1]::bigint[]/; s/\\\$3::text\[\]/ARRAY['team']/
    s/\\\$2/1/; s/\\\$1/'node'/"
  echo ';'
}
commit >"$work/fenced.sql"
# Without the fence, all given meetings pass.
awk '/passed AS MATERIALIZED/ { print; print "SELECT id FROM given"; skip = 1; next } skip && /^ *\),/ { skip = 0 } !skip' \
  "$work/fenced.sql" >"$work/unfenced.sql"
for round in 1 2 3 4 5; do
  for kind in fenced unfenced; do
    "$postgres/pgbench" -n -h "$work/db" -U psom -M prepared -c 1 -T "${SECONDS_EACH:-5}" -f "$work/$kind.sql" postgres 2>/dev/null |
      awk -v round="$round" -v kind="$kind" '/latency average/ { print "round " round ": " kind " " $4 " ms" }'
  done
done
