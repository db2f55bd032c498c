# For those that run a program: $C is its group.

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
