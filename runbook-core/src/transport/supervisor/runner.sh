# The runner of one durable job, in a session of its own, so that it outlives every connection.
# It checks the body, takes the fence, runs the program, keeps its deadline and writes how it ended.
#   $1 job  $2 session starter  $3 umask of the program  $4 sha256  $5 cksum
#   $6 seconds to the deadline or nothing  $7 `kill` or `ask`  $8 seconds between TERM and KILL
#   $9 the most bytes kept of each output
job=$1 J=$2 mask=$3 sha=$4 crc=$5 limit=$6 late=$7 grace=$8 cap=$9
N=$(echo; echo .); N=${N%.}
B=$(cat; echo .); B=${B%.}
exec </dev/null

# A shell starts what it does not wait for with INT and QUIT ignored, and a daemon started by the
# program would stay deaf to them; where `env` can, it undoes that.
if E=$(command -v env) && "$E" --default-signal=INT,QUIT true; then
  J="$E --default-signal=INT,QUIT $J"
fi

void() { : >"$job/void"; echo "void $1"; exit 0; }

if command -v sha256sum >/dev/null; then got=$(printf %s "$B" | sha256sum); got=${got%% *}
else got=$(printf %s "$B" | cksum); sha=$crc
fi
[ "$got" = "$sha" ] || void "what arrived is not what was sent"

# Sets `t` to seconds that no change of the clock moves.
now() { { read -r t E </proc/uptime && t=${t%%.*}; } || t=$(date +%s); }
# Sets `s` to the start time of a process, by which a reused pid is told apart.
born() { s=-; read -r E <"/proc/$1/stat" || return 0; set -- ${E##*) }; s=${20}; }

boot=- machine=-
read -r boot </proc/sys/kernel/random/boot_id || boot=-
for E in /etc/machine-id /var/lib/dbus/machine-id; do
  [ -r "$E" ] && read -r machine <"$E" && break
done
born $$
eval "$B"
printf %s "$Q" >"$job/script" && : >"$job/out" && : >"$job/err" &&
  printf "%-119s\n" - >"$job/exit.new" &&
  echo "$$ $s $boot $machine $M" >"$job/runner" || void "the disk is full"
mkdir "$job/go" || void "it was taken back"
# In a subshell: who asked may be gone, and SIGPIPE is not for us. Nor may it be ignored, since the
# program would inherit that.
(echo "started $$")
exec >/dev/null

K=exited C= G= Z=0 L=0 W=

# TERM now, KILL after the grace for whoever ignores it; asked twice, KILL at once.
stop() {
  K=$1
  [ -n "$C" ] || return 0
  if [ -n "$G" ]; then kill -KILL "-$C"; return 0; fi
  kill -TERM "-$C" || kill -TERM "$C"
  (sleep "$grace"; kill -KILL "$C"; kill -KILL "-$C") &
  G=$!
}

# Whether the program's group lives; the dead that nobody has waited for do not count.
lives() {
  kill -0 "-$C" || return 1
  [ -r "/proc/$$/stat" ] || return 0
  for E in /proc/[0-9]*/stat; do
    read -r E <"$E" || continue
    set -- ${E##*) }
    [ "$3" != "$C" ] || [ "$1" = Z ] || return 0
  done
  return 1
}

# Whoever left the group is found by the mark in its environment.
sweep() {
  [ -n "$M" ] || return 0
  for E in $(grep -lzF -e "RUNBOOK_ATTEMPT=$M" /proc/[0-9]*/environ); do
    E=${E#/proc/}
    kill -KILL "${E%%/*}"
  done
}

# Empties an output that has grown over the cap, and counts what went.
cut() {
  [ "$2" -gt "$cap" ] || return 0
  E=0
  [ ! -f "$1.cut" ] || read -r E <"$1.cut"
  : >"$1"
  echo $((E + $2)) >"$1.cut.new" && mv "$1.cut.new" "$1.cut"
}

# Beside the program: looks at the clock and at the size of the outputs once a second.
watch() {
  cd "$job" || exit 0
  now
  end=${limit:+$((t + limit))}
  while sleep 1; do
    kill -0 $$ || exit 0
    now
    if [ -n "$end" ] && [ "$t" -ge "$end" ]; then
      end=
      if [ "$late" = kill ]; then kill -USR1 $$; else : >late; fi
    fi
    set -- $(wc -c out err)
    cut out "$1"
    cut err "$3"
  done
}

trap "stop cancelled" TERM
trap "stop timed_out" USR1
[ -z "$D" ] || mkdir -m 700 "$D" 2>>"$job/err" || K=scratch
[ -z "$X" ] || cd -- "$X" 2>>"$job/err" || K=directory
if [ "$K" = exited ]; then
  if [ -n "$I" ]; then printf %s "$I" | { umask "$mask"; P; } >>"$job/out" 2>>"$job/err" &
  else { umask "$mask"; P; } >>"$job/out" 2>>"$job/err" &
  fi
  C=$!
  cd /
  [ "$K" = exited ] || stop "$K"
  watch &
  W=$!
  while wait "$C"; Z=$?; [ "$K" != exited ] && kill -0 "$C"; do :; done
  if [ "$K" != exited ]; then
    lives && wait "$G"
    kill -KILL "-$C"
    kill -KILL "$G"
    sweep
    # A killed process may take a moment to be gone.
    t=0
    while lives && [ "$t" -lt 20 ]; do sleep 0.1 || sleep 1; t=$((t + 1)); done
  fi
  lives && L=1
fi
cd /
[ -z "$D" ] || rm -rf "$D"
cd "$job"
set -- $(wc -c out err)
o=$1 e=$3
[ ! -f out.cut ] || { read -r E <out.cut; o=$((o + E)); }
[ ! -f err.cut ] || { read -r E <err.cut; e=$((e + E)); }
# Written over blocks that were reserved before the start: the record fits on a full disk.
printf "%-119s\n" "$K $Z $o $e $L" 1<>exit.new && mv exit.new exit
# What watched goes with us. Never `kill 0`: should the session not be ours, it is somebody's.
trap "" TERM
kill -TERM "-$$"
