#!/usr/bin/env bash
# Runs the unit packaging/psom-cluster.service on three machines, and does what docs/cluster.md describes: starts the
# nodes, drains one, restarts it, stops another, and loses the machine of a third, while people draw. Checks that every
# annotation that `psom` has confirmed is on the board, once.
#
# The machines are containers of systemd-nspawn with a systemd of their own. They share a network that has only
# loopback addresses, with PostgreSQL (TLS, verify-full) and an S3 stand-in (moto). Needs root, Debian, the packages
# systemd-container, debootstrap, postgresql and openssl, and PyPI or a moto_server in PATH.
#
# usage: scripts/cluster-units.sh [PSOM]      a psom with the features postgres and s3, by default of target/debug
# ROOT=DIR uses a Debian of an earlier run instead of installing one.
set -euo pipefail
cd "$(dirname "$0")/.."
psom=$(realpath "${1:-target/debug/psom}")
unit=$PWD/packaging/psom-cluster.service
work=$(mktemp -d)
net=psom-units-$$
postgres=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)")
started=()
leaders=()

clean() {
  for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  for pid in "${leaders[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  [ -e "$work/db/postmaster.pid" ] && kill -INT "$(head -n 1 "$work/db/postmaster.pid")" || true
  wait 2>/dev/null || true
  ip netns delete "$net" 2>/dev/null || true
  [ -n "${KEEP:-}" ] || rm -rf "$work"
}
trap clean EXIT
say() { printf '\n== %s\n' "$*"; }
inside() { ip netns exec "$net" "$@"; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.2f s", b - a }'; }

chmod 755 "$work"
root=${ROOT:-$work/root}
if [ ! -e "$root/usr/lib/systemd/systemd" ]; then
  say "a Debian for the machines"
  debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates bookworm "$root" >/dev/null
fi
moto=$(command -v moto_server || true)
if [ -z "$moto" ]; then
  python3 -m venv "$work/venv" && "$work/venv/bin/pip" install -q 'moto[server,s3]'
  moto=$work/venv/bin/moto_server
fi

say "the unit files"
# The program is not installed here.
mkdir "$work/units"
for file in packaging/*.service; do
  sed "s|/usr/local/bin/psom|$psom|" "$file" >"$work/units/${file##*/}"
done
systemd-analyze verify --man=no "$work"/units/*.service
for file in "$work"/units/*.service; do
  systemd-analyze security --offline=true --threshold=40 "$file" | tail -n 1
done

say "PostgreSQL with TLS, and S3"
ip netns add "$net"
inside ip link set lo up
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=psom-units -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey rsa:2048 -nodes -subj /CN=db -keyout "$work/db.key" -out "$work/db.csr" 2>/dev/null
openssl x509 -req -in "$work/db.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
  -extfile <(echo subjectAltName=IP:127.0.1.100) -out "$work/db.pem" 2>/dev/null
mkdir "$work/db"
chown nobody "$work/db" "$work/db.key"
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"; }
as_nobody "$postgres/initdb" -U postgres -A trust -E UTF8 --no-locale -D "$work/db" >/dev/null
echo 'hostssl psom psom 127.0.0.0/8 scram-sha-256' >"$work/db/pg_hba.conf"
echo 'local all postgres trust' >>"$work/db/pg_hba.conf"
inside setpriv --reuid=65534 --regid=65534 --clear-groups -- "$postgres/postgres" -D "$work/db" -k "$work/db" \
  -c listen_addresses=127.0.1.100 -c ssl=on -c ssl_cert_file="$work/db.pem" -c ssl_key_file="$work/db.key" \
  >"$work/db.log" 2>&1 &
until "$postgres/pg_isready" -q -h "$work/db"; do sleep 0.1; done
"$postgres/psql" -q -h "$work/db" -U postgres -c "CREATE ROLE psom LOGIN PASSWORD 'secret'" -c 'CREATE DATABASE psom OWNER psom'
ip netns exec "$net" "$moto" -H 127.0.1.101 -p 9000 >"$work/s3.log" 2>&1 &
started+=($!)
until inside curl -sf -o /dev/null http://127.0.1.101:9000/moto-api/; do sleep 0.1; done
inside curl -sf -X PUT http://127.0.1.101:9000/psom -o /dev/null

# Starts a machine with the unit, and waits until its web server answers.
boot() {
  cat >"$work/env$1" <<ENV
PSOM_LISTEN=127.0.1.$1:8057
PSOM_HTTP=127.0.1.$1:8058
PSOM_HOST=127.0.1.$1
PSOM_CLUSTER=postgres://psom:secret@127.0.1.100/psom?sslmode=verify-full&sslrootcert=/etc/psom/database.pem
PSOM_FILES=s3://psom/meetings
PSOM_ENTRY=https://127.0.1.50:8058
AWS_REGION=us-east-1
AWS_ACCESS_KEY_ID=key
AWS_SECRET_ACCESS_KEY=secret
AWS_ENDPOINT=http://127.0.1.101:9000
AWS_ALLOW_HTTP=true
ENV
  chmod 600 "$work/env$1"
  systemd-nspawn --quiet --directory="$root" --volatile=overlay --register=no --keep-unit --machine="node$1" \
    --network-namespace-path="/run/netns/$net" --console=read-only --bind-ro="$psom:/usr/local/bin/psom" \
    --bind-ro="$unit:/etc/systemd/system/psom.service" --bind-ro="$work/env$1:/etc/psom/cluster.env" \
    --bind-ro="$work/ca.pem:/etc/psom/database.pem" --boot systemd.wants=psom.service >"$work/node$1.log" 2>&1 &
  started+=($!)
  local nspawn=$!
  until health "$1" >/dev/null; do kill -0 "$nspawn"; sleep 0.2; done
  # The first process of the machine is the child of systemd-nspawn that is an init.
  leaders[$1]=$(pgrep -P "$nspawn" -x systemd | head -n 1)
}
health() { inside curl -skf "https://127.0.1.$1:8058/healthz"; }
# Runs a command on a machine.
on() { nsenter -t "${leaders[$1]}" -a -- "${@:2}"; }
user() { inside env XDG_STATE_HOME="$work/state" RUST_LOG=error "$psom" "$@"; }

say "three machines with the unit, and a load balancer"
python3 - "$work/balancer.py" <<'PYTHON'
import sys
open(sys.argv[1], "w").write("""
import asyncio

async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()

async def serve(reader, writer):
    # The first node that accepts the connection.
    for node in (1, 2, 3):
        try:
            up, down = await asyncio.wait_for(asyncio.open_connection(f"127.0.1.{node}", 8058), 1)
        except (OSError, asyncio.TimeoutError):
            continue
        await asyncio.gather(pump(reader, down), pump(up, writer))
        return
    writer.close()

async def main():
    async with await asyncio.start_server(serve, "127.0.1.50", 8058) as server:
        await server.serve_forever()

asyncio.run(main())
""")
PYTHON
ip netns exec "$net" python3 "$work/balancer.py" >"$work/balancer.log" 2>&1 &
started+=($!)
for node in 1 2 3; do boot "$node"; done
on 1 systemctl is-active psom
on 1 psom drain --data /var/lib/psom

# Prints the number of the machine whose node owns the meeting.
owner() { on "$1" psom drain --data /var/lib/psom | sed -n 's/.*127\.0\.1\.\([0-9]\):8058  1 meeting.*/\1/p'; }
node_id() { on "$1" psom drain --data /var/lib/psom | awk -v at="127.0.1.$1:" 'index($2, at) { print $1 }'; }

on 1 psom meeting create team --data /var/lib/psom
ada=$(on 1 psom invite team --name Ada --role presenter --data /var/lib/psom)
user whiteboard "$ada" Board create
ip netns exec "$net" env XDG_STATE_HOME="$work/state" RUST_LOG=error "$psom" watch "$ada" >"$work/watch.log" 2>&1 &
watch=$!
started+=("$watch")

# Draws until the file `stop` exists. Each line of `drawn` is the number of a confirmed text and its time in ms.
draw() {
  local number=0 begin
  while [ ! -e "$work/stop" ]; do
    number=$((number + 1))
    begin=$(date +%s%3N)
    if user whiteboard "$ada" Board text "text $number." --at "1,$number" >>"$work/draw.log" 2>&1; then
      echo "$number $(($(date +%s%3N) - begin))" >>"$work/drawn"
    else
      echo "$number" >>"$work/failed"
    fi
  done
}
touch "$work/drawn" "$work/failed"
draw &
drawing=$!
started+=("$drawing")
# Waits for so many further confirmed texts.
more() {
  local have
  have=$(wc -l <"$work/drawn")
  until [ "$(wc -l <"$work/drawn")" -ge $((have + $1)) ]; do kill -0 "$drawing"; sleep 0.1; done
}
more 3

say "psom drain"
one=$(owner 1)
begin=$(now)
on "$one" psom drain "$(node_id "$one")" --data /var/lib/psom
two=$(owner "$one")
echo "node $one has handed its meeting to node $two in $(since "$begin"); $(health "$one")"
[ "$two" != "$one" ]
more 3
on "$one" systemctl restart psom
until health "$one" >/dev/null; do sleep 0.1; done
echo "restarted: $(health "$one")"

say "systemctl stop, which drains"
begin=$(now)
on "$two" systemctl stop psom
three=$(owner "$one")
echo "node $two has stopped in $(since "$begin"); node $three has the meeting; status $(on "$two" systemctl show -p Result,ExecMainStatus psom | paste -sd ' ')"
[ "$three" != "$two" ]
more 3
on "$two" systemctl start psom
until health "$two" >/dev/null; do sleep 0.1; done

say "a killed process, which systemd restarts"
on "$three" sh -c 'kill -KILL "$(systemctl show --property=MainPID --value psom)"'
begin=$(now)
# The first of them can be from before.
more 2
echo "the first text that was begun afterwards is confirmed after $(since "$begin")"
more 3
until health "$three" >/dev/null; do sleep 0.1; done

say "a machine that is lost"
lost=$(owner 1)
rest=$((lost % 3 + 1))
kill -KILL "${leaders[$lost]}"
begin=$(now)
more 2
echo "node $lost is lost; the first text that was begun afterwards is confirmed after $(since "$begin")"
more 3
echo "node $(owner "$rest") has the meeting"

touch "$work/stop"
wait "$drawing"
say "result"
user whiteboard "$ada" Board list | grep -o 'text [0-9]*\.' | sort >"$work/board"
sed 's/\([0-9]*\) .*/text \1./' "$work/drawn" | sort >"$work/confirmed"
echo "$(wc -l <"$work/confirmed") texts were confirmed, $(wc -l <"$work/failed") commands have failed; the slowest took $(sort -n -k 2 "$work/drawn" | tail -n 1 | cut -d ' ' -f 2) ms"
missing=$(comm -23 "$work/confirmed" <(sort -u "$work/board") | wc -l)
twice=$(uniq -d "$work/board" | wc -l)
echo "$missing are missing, $twice are on the board twice"
kill -0 "$watch" && echo "psom watch still runs"
[ "$missing" = 0 ] && [ "$twice" = 0 ] && [ ! -s "$work/failed" ]
