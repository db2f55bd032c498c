# What a host still knows of a job, one fact a line; the verdict is made from it elsewhere.
#   $1 base  $2 name
set +eu
exec 2>/dev/null
machine=- now=-
for E in /etc/machine-id /var/lib/dbus/machine-id; do
  [ -r "$E" ] && read -r machine <"$E" && break
done
read -r now </proc/sys/kernel/random/boot_id || now=-
echo "machine $machine"
echo "boot $now"
[ -d "$1/jobs" ] || { echo "base gone"; exit 0; }
echo "base there"
cd "$1/jobs/$2" || exit 0
echo "claimed yes"
[ ! -f late ] || echo "late yes"
[ ! -f void ] || echo "void yes"
[ ! -d go ] || echo "fence yes"
for E in out err; do
  [ ! -f "$E.cut" ] || { read -r z a b <"$E.cut" && echo "dropped $E $a $b"; }
done
[ ! -f exit ] || { read -r E <exit && echo "exit $E"; exit 0; }
if read -r pid start boot machine M <runner; then
  echo "runner $pid $start $boot $machine"
  if alive; then echo "alive yes"
  else
    left
    for E in $p; do echo "left $E"; done
  fi
fi
# It may have ended while we looked.
[ ! -f exit ] || { read -r E <exit && echo "exit $E"; }
