# Who this host is, one fact a line.
set +eu
exec 2>/dev/null
machine=- boot=-
for E in /etc/machine-id /var/lib/dbus/machine-id; do
  [ -r "$E" ] && read -r machine <"$E" && break
done
read -r boot </proc/sys/kernel/random/boot_id || boot=-
read -r name </proc/sys/kernel/hostname || name=$(uname -n)
echo "machine $machine"
echo "boot $boot"
echo "hostname $name"
# Every process that is not started shortens the way to the first step.
uid=
while [ -z "$uid" ] && read -r E F; do
  [ "$E" != Uid: ] || { set -- $F; uid=$2; }
done </proc/self/status
echo "uid ${uid:-$(id -u)}"
echo "user $(id -un)"
