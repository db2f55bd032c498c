# Who this host is, one fact a line; the name comes last, and nothing is empty.
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
# Every process that is not started shortens the way to the first step.
uid=
while [ -z "$uid" ] && read -r E F; do
  [ "$E" != Uid: ] || { set -- $F; uid=$2; }
done </proc/self/status
echo "uid ${uid:-$(id -u)}"
user=$(id -un)
echo "user ${user:--}"
echo "hostname ${name:--}"
