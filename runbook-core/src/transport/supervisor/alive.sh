# For those that ask about a runner: whether it lives, by the $pid and the $start it wrote.

alive() {
  [ "$start" != - ] || { kill -0 "$pid"; return; }
  read -r E <"/proc/$pid/stat" || return 1
  set -- ${E##*) }
  [ "${20}" = "$start" ] && [ "$1" != Z ]
} 2>/dev/null
