# What a host still knows of a job, one fact a line; the verdict is made from it elsewhere.
#   $1 base  $2 name
set +eu
exec 2>/dev/null
machine=- boot=-
for E in /etc/machine-id /var/lib/dbus/machine-id; do
  [ -r "$E" ] && read -r machine <"$E" && break
done
read -r boot </proc/sys/kernel/random/boot_id || boot=-
echo "machine $machine"
echo "boot $boot"
[ -d "$1/jobs" ] || { echo "base gone"; exit 0; }
echo "base there"
cd "$1/jobs/$2" || exit 0
echo "claimed yes"
[ ! -f late ] || echo "late yes"
[ ! -f void ] || echo "void yes"
[ ! -d go ] || echo "fence yes"
[ ! -f exit ] || { read -r E <exit && echo "exit $E"; exit 0; }
if read -r pid start jboot jmachine M <runner; then
  echo "runner $pid $start $jboot $jmachine"
  if [ "$start" = - ]; then kill -0 "$pid" && echo "alive yes"
  elif read -r E <"/proc/$pid/stat"; then
    set -- ${E##*) }
    [ "${20}" = "$start" ] && [ "$1" != Z ] && echo "alive yes"
  fi
  if [ -n "$M" ]; then
    for E in $(grep -lzF -e "RUNBOOK_ATTEMPT=$M" /proc/[0-9]*/environ); do
      E=${E#/proc/}
      echo "left ${E%%/*}"
    done
  fi
fi
# It may have ended while we looked.
[ ! -f exit ] || { read -r E <exit && echo "exit $E"; }
