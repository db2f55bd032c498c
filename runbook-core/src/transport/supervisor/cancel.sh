# Asks a job's runner to stop its program, or stops what a dead runner left. Answers with one line:
# `none`, `ended`, `asked`, `stopped`, or `alive PID…` for what would not die.
#   $1 job  $2 seconds between TERM and KILL
set +eu
grace=$2
cd "$1" 2>/dev/null || { echo none; exit 0; }
[ ! -f exit ] || { echo ended; exit 0; }
read -r pid start boot machine M <runner || { echo none; exit 0; }
exec 2>/dev/null

alive() {
  [ "$start" != - ] || { kill -0 "$pid"; return; }
  read -r E <"/proc/$pid/stat" || return 1
  set -- ${E##*) }
  [ "${20}" = "$start" ] && [ "$1" != Z ]
}

if alive; then kill -TERM "$pid"; echo asked; exit 0; fi

# Sets `p` to the processes that carry the attempt's mark.
left() {
  p=
  [ -n "$M" ] || return 0
  for E in $(grep -lzF -e "RUNBOOK_ATTEMPT=$M" /proc/[0-9]*/environ); do
    E=${E#/proc/}
    p="$p ${E%%/*}"
  done
}

left
[ -z "$p" ] || kill -TERM $p
i=0
while left; [ -n "$p" ] && [ "$i" -lt "$grace" ]; do sleep 1; i=$((i + 1)); done
[ -z "$p" ] || { kill -KILL $p; sleep 1; left; }
if [ -n "$p" ]; then echo "alive$p"; else echo stopped; fi
