# Claims a job's directory and starts its runner; stdin is the job's body. Answers with one line:
# `started PID`, `taken`, `void WHY` or `refused`. Runs as an attached program, which may be killed
# at any point: the claim makes the job start at most once, the runner's check makes it whole.
#   $1 base  $2 name  $3 the runner's text  $4 session starter  $5 the shell  then the runner's own
#   arguments
set +eu
mask=$(umask)
umask 077
job=$1/jobs/$2 runner=$3 J=$4 sh=$5
shift 5
mkdir -p "${job%/*}"
if mkdir "$job" 2>/dev/null; then :
elif [ -d "$job" ]; then echo taken; exit 0
else mkdir "$job"; echo refused; exit 0
fi
exec 3<&0
set -f
# The runner closes its stdout once it has answered, and goes on.
echo "$($J $sh -c "$runner" runner "$job" "$J" "$mask" "$@" <&3 3<&- 2>/dev/null &)"
