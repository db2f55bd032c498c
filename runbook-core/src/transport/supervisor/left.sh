# Sets `p` to the processes that a dead runner left. The number of the session may be another's by
# now: then its first process began at another time, or the host has rebooted.
left() {
  p= S=
  read -r E </proc/sys/kernel/random/boot_id && [ "$E" = "$boot" ] && read -r S E <session
  if [ -n "$S" ] && [ -r "/proc/$S/stat" ]; then
    read -r n <"/proc/$S/stat"
    set -- ${n##*) }
    [ "${20}" = "$E" ] || S=
  fi
  kin "$S"
}
