# Follows a job from byte offsets until it ended: its output to stdout and stderr.
# Ends with 0 when `exit` is there, 10 when the runner is gone without it, 11 without a directory,
# 12 where the next bytes were dropped: whoever follows goes on behind them.
#   $1 job  $2 offset in out  $3 offset in err
set +eu
cd "$1" || exit 11
# Of an old job only its end is kept.
[ -f out ] || [ ! -f exit ] || exit 0
read -r pid start E <runner || exit 10

# What of an output is not there any more: from `a` to `b`; `z` is the offset of the file's first byte.
dropped() { z=0 a=0 b=0; [ ! -f "$1.cut" ] || read -r z a b <"$1.cut"; }

# Sets `p` to where an open file is read next.
place() {
  p=0
  while read -r E p; do [ "$E" != pos: ] || break; done <"/proc/self/fdinfo/$1"
}

# Opens an output at an offset: $1 its name, $2 the descriptor, $3 the offset.
begin() {
  dropped "$1"
  eval "exec $2<$1; ${1}_z=$z"
  [ "$3" -ge "$z" ] || exit 12
  [ "$3" = "$z" ] || dd bs=1 skip="$(($3 - z))" count=0 <&"$2" 2>/dev/null
}

# Sends what is there of an output, in blocks, each read at once: $1 its name, $2 the descriptor,
# $3 the offset of the file's first byte when it was opened. Nothing is freed within the second after
# that was said, so that a block which was there before it is read is whole.
send() {
  while :; do
    place "$2"
    dropped "$1"
    o=$((z + p)) n=1048576
    [ "$z" = "$3" ] || exit 12
    if [ "$o" -lt "$b" ]; then
      [ "$o" -lt "$a" ] || exit 12
      [ "$n" -le "$((a - o))" ] || n=$((a - o))
    fi
    s=$p
    dd bs="$n" count=1 <&"$2" 2>/dev/null
    dropped "$1"
    [ "$z" = "$3" ] || exit 12
    [ "$o" -lt "$a" ] || [ "$o" -ge "$b" ] || exit 12
    place "$2"
    [ "$((p - s))" -ge "$n" ] || return 0
  done
}

begin out 3 "$2"
begin err 4 "$3"
for t in 0.003 0.006 0.01 0.02 0.04 0.08 0.15 0.2; do
  while :; do
    ended=
    if [ -f exit ]; then ended=0
    elif ! alive; then ended=10; [ ! -f exit ] || ended=0
    fi
    send out 3 "$out_z"
    send err 4 "$err_z" >&2
    [ -z "$ended" ] || exit "$ended"
    sleep "$t" 2>/dev/null || sleep 1
    [ "$t" = 0.2 ] || break
  done
done
