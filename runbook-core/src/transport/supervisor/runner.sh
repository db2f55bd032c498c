# The runner of one durable job, in a session of its own, so that it outlives every connection.
# It checks the body, takes the fence, runs the program, keeps its deadline and writes how it ended.
#   $1 job  $2 session starter  $3 umask of the program  $4 sha256  $5 cksum
#   $6 seconds to the deadline or nothing  $7 `kill` or `ask`  $8 seconds between TERM and KILL
#   $9 the most bytes kept of each output  ${10} the file of the run's lock, or nothing
job=$1 J=$2 mask=$3 sha=$4 crc=$5 limit=$6 late=$7 grace=$8 cap=$9 lock=${10}
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
# Ours until we end, whatever becomes of who holds the lock for the run; the program, and a daemon
# that it starts, do not get it.
if [ -n "$lock" ]; then
  [ -f "$lock" ] && [ ! -L "$lock" ] && [ -r "$lock" ] || void "the run holds its lock no more"
  exec 9<"$lock"
  flock -s 9 && [ -f "$lock" ] || void "the run holds its lock no more"
fi
mkdir "$job/go" || void "it was taken back"
# In a subshell: who asked may be gone, and SIGPIPE is not for us. Nor may it be ignored, since the
# program would inherit that.
(echo "started $$")
exec >/dev/null

K=exited C= G= Y= Z=0 L=0 W= p=

# TERM now, KILL after the grace for whoever ignores it; asked twice, KILL at once. What does not end
# by that either is not waited for.
stop() {
  K=$1
  [ -n "$C" ] || return 0
  if [ -n "$G" ]; then kill -KILL "-$C"; Y=1; return 0; fi
  kill -TERM "-$C" || kill -TERM "$C"
  (sleep "$grace"; kill -KILL "$C"; kill -KILL "-$C"; kill -USR2 $$) 9<&- &
  G=$!
}

# Frees the middle of an output that has grown over the cap: what goes is hashed, and said a second
# before, since somebody may be reading it. Where a file can have no hole all of it goes, and is counted.
#   $1 output  $2 the length of its file
trim() {
  z=0 a=$((cap / 2)) b=0
  [ ! -f "$1.cut" ] || read -r z a b <"$1.cut"
  [ "$b" -gt "$a" ] || b=$a
  [ "$((z + $2 - b))" -gt "$((cap / 2))" ] || return 0
  f=$b b=$((z + $2 - cap / 4))
  if : >hole && fallocate -p -o 0 -l 4096 hole && note "$1"; then
    h=$(tail -c "+$((f - z + 1))" "$1" | head -c "$((b - f))" | sha256sum)
    echo "$f $b ${h%% *}" >>"$1.dropped"
    sleep 1
    fallocate -p -o "$((f - z))" -l "$((b - f))" "$1"
  else
    size "$1"
    : >"$1"
    z=$((z + s))
    a=0 b=$z
    note "$1"
  fi
}
# From `a` to `b` it is not there any more; its file begins at `z`.
note() { echo "$z $a $b" >"$1.cut.new" && mv "$1.cut.new" "$1.cut"; }
size() { set -- $(ls -ln "$1"); s=$5; }

# Beside the program: looks at the clock and at the size of the outputs once a second.
watch() {
  # By `exec`: a shell that closes it for one call keeps a copy, and with it the lock.
  exec 9<&-
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
    for o in out err; do
      size "$o"
      trim "$o" "$s"
    done
  done
}

trap "stop cancelled" TERM
trap "stop timed_out" USR1
trap Y=1 USR2
[ -z "$D" ] || mkdir -m 700 "$D" 2>>"$job/err" || K=scratch
[ -z "$X" ] || cd -- "$X" 2>>"$job/err" || K=directory
if [ "$K" = exited ]; then
  if [ -n "$I" ]; then printf %s "$I" | { umask "$mask"; P; } >>"$job/out" 2>>"$job/err" 9<&- &
  else { umask "$mask"; P; } >>"$job/out" 2>>"$job/err" 9<&- &
  fi
  C=$!
  born "$C"
  echo "$C $s" >"$job/session"
  cd /
  [ "$K" = exited ] || stop "$K"
  watch &
  W=$!
  while wait "$C"; Z=$?; [ "$K" != exited ] && [ -z "$Y" ] && kill -0 "$C"; do :; done
  if [ "$K" != exited ]; then
    while [ -z "$Y" ] && lives; do wait "$G"; done
    kill -KILL "-$C"
    kill -KILL "$G"
    # A killed process may take a moment to be gone; what belongs to others cannot be killed.
    for t in 1 2 3 4 5 6 7 8; do
      p=
      kin "$C"
      [ -n "$p" ] || break
      kill -KILL $p
      sleep 0.1 || sleep 1
    done
  elif lives; then L=1
  fi
fi
set -- $p
[ "$#" = 0 ] || L=1
# As many as the record has room for.
while [ "$#" -gt 8 ]; do shift; done
p=$*
cd /
[ -z "$D" ] || rm -rf "$D"
cd "$job"
set -- $(wc -c out err)
o=$1 e=$3
[ ! -f out.cut ] || { read -r z E <out.cut; o=$((o + z)); }
[ ! -f err.cut ] || { read -r z E <err.cut; e=$((e + z)); }
# Who hears of the end lets the next run in at once.
exec 9<&-
# Written over blocks that were reserved before the start: the record fits on a full disk.
printf "%-119s\n" "$K $Z $o $e $L $p" 1<>exit.new && mv exit.new exit
# What watched goes with us. Never `kill 0`: should the session not be ours, it is somebody's.
trap "" TERM
kill -TERM "-$$"
