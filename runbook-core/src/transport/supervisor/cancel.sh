# Asks a job's runner to stop its program, or stops what a dead runner left. Answers with one line:
# `none`, `ended`, `asked`, `stopped`, or `alive PID…` for what would not die.
#   $1 job  $2 seconds between TERM and KILL
set +eu
grace=$2
cd "$1" 2>/dev/null || { echo none; exit 0; }
[ ! -f exit ] || { echo ended; exit 0; }
read -r pid start boot machine M <runner || { echo none; exit 0; }
exec 2>/dev/null

if alive; then kill -TERM "$pid"; echo asked; exit 0; fi

# Only what carries the mark is surely the job's, and stopped; what else is left is told.
marked() { p=; kin ""; }

marked
[ -z "$p" ] || kill -TERM $p
i=0
while marked; [ -n "$p" ] && [ "$i" -lt "$grace" ]; do sleep 1; i=$((i + 1)); done
[ -z "$p" ] || { kill -KILL $p; sleep 1; }
left
if [ -n "$p" ]; then echo "alive$p"; else echo stopped; fi
