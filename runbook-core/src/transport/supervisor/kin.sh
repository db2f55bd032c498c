# Adds to `p` the processes of a job that live: those of the session $1, which may be none, those
# that carry the mark $M, and whom these started. The dead that nobody has waited for do not count.
kin() {
  S=$1
  if [ -n "$M" ]; then
    for E in $(grep -lzF -e "RUNBOOK_ATTEMPT=$M" /proc/[0-9]*/environ); do
      E=${E#/proc/}
      p="$p ${E%%/*}"
    done
  fi
  q=-
  while [ "$q" != "$p" ]; do
    q=$p
    for E in /proc/[0-9]*/stat; do
      read -r E <"$E" || continue
      n=${E%% *}
      set -- ${E##*) }
      [ "$1" != Z ] || continue
      case " $p " in
      *" $n "*) ;;
      *" $2 "*) p="$p $n" ;;
      *) [ "$4" != "$S" ] || p="$p $n" ;;
      esac
    done
  done
}
