# For the scripts beside it. Each is `NAME start DIR`, which prints VARIABLE=value lines for the portal, and `NAME stop DIR`.
# All listen on loopback, on a free port, with everything in DIR, as an unprivileged user when started by root.
# For tests: what they hold is lost, and durability is switched off.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
action=${1:-} dir=${2:-}
case "$action" in start|stop) [ -n "$dir" ] ;; *) false ;; esac || { echo "usage: ${0##*/} start|stop DIR" >&2; exit 2; }

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# PostgreSQL and Elasticsearch refuse to run as root.
unprivileged() {
  if [ "$(id -u)" -eq 0 ]; then HOME=$dir setpriv --reuid nobody --regid nogroup --clear-groups "$@"; else "$@"; fi
}
own_dir() {
  mkdir -p "$dir"
  [ "$(id -u)" -ne 0 ] || chown nobody:nogroup "$dir"
}
# await SECONDS COMMAND…: until it succeeds
await() {
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt "$end" ] || { echo "${0##*/}: no answer in time; see $dir" >&2; return 1; }
    sleep 0.1
  done
}
answers() { exec 8<>"/dev/tcp/127.0.0.1/$1" && exec 8>&-; }
stop_by_pid() {
  local file=$dir/$1 pid
  [ -s "$file" ] || return 0
  read -r pid < "$file"
  kill "$pid" 2>/dev/null || return 0
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
}
need() { command -v "$1" >/dev/null || { echo "${0##*/}: $1 is missing: apt-get install $2" >&2; exit 1; }; }
