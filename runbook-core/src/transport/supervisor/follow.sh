# Follows a job from byte offsets until it ended: its output to stdout and stderr.
# Ends with 0 when `exit` is there, 10 when the runner is gone without it, 11 without a directory.
#   $1 job  $2 offset in out  $3 offset in err
set +eu
cd "$1" || exit 11
read -r pid start E <runner || exit 10
o=$2 e=$3

alive() {
  [ "$start" != - ] || { kill -0 "$pid"; return; }
  read -r E <"/proc/$pid/stat" || return 1
  set -- ${E##*) }
  [ "${20}" = "$start" ] && [ "$1" != Z ]
} 2>/dev/null

# How much of an output was cut away before what its file holds now.
gone() { c=0; [ ! -f "$1.cut" ] || read -r c <"$1.cut"; }

gone out; oc=$c; exec 3<out
[ "$o" -le "$c" ] || tail -c "+$((o - c + 1))" <&3
gone err; ec=$c; exec 4<err
[ "$e" -le "$c" ] || tail -c "+$((e - c + 1))" <&4 >&2

show() {
  gone out; [ "$c" = "$oc" ] || { exec 3<out; oc=$c; }
  gone err; [ "$c" = "$ec" ] || { exec 4<err; ec=$c; }
  cat <&3
  cat <&4 >&2
}

for t in 0.003 0.006 0.01 0.02 0.04 0.08 0.15 0.2; do
  while :; do
    ended=
    if [ -f exit ]; then ended=0
    elif ! alive; then ended=10; [ ! -f exit ] || ended=0
    fi
    show
    [ -z "$ended" ] || exit "$ended"
    sleep "$t" 2>/dev/null || sleep 1
    [ "$t" = 0.2 ] || break
  done
done
