# The first process of a simulated host. $1: its directory, $2: `private` in namespaces of its
# own, $3: its name.
dir=$1
if [ "$2" = private ]; then
    mount -t proc proc /proc
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir -m 1777 /run/lock
    for shared in /var/tmp /dev/shm; do
        case $dir in "$shared"/*) ;; *) mount -t tmpfs -o mode=1777 tmpfs "$shared" ;; esac
    done
    echo "$3" >/proc/sys/kernel/hostname
    [ ! -e /etc/machine-id ] || mount --bind "$dir/machine-id" /etc/machine-id
    mount --bind "$dir/boot-id" /proc/sys/kernel/random/boot_id
    if [ -e "$dir/deploy" ]; then
        read -r uid <"$dir/deploy"
        cp /etc/passwd "$dir/passwd" && cp /etc/group "$dir/group"
        echo "deploy:x:$uid:$uid::$dir/home:/bin/sh" >>"$dir/passwd"
        echo "deploy:x:$uid:" >>"$dir/group"
        mount --bind "$dir/passwd" /etc/passwd
        mount --bind "$dir/group" /etc/group
        chown -R "$uid:$uid" "$dir/home" "$dir/state"
        if [ -d /etc/sudoers.d ]; then
            mount -t tmpfs -o mode=755 tmpfs /etc/sudoers.d
            [ ! -e "$dir/sudoers" ] || install -m 0440 "$dir/sudoers" /etc/sudoers.d/deploy
        fi
    fi
fi
[ ! -w /run ] || mkdir -p /run/sshd
while :; do
    "$(command -v sshd || echo /usr/sbin/sshd)" -D -e -f "$dir/sshd_config"
    # its network is gone; its processes go on until somebody writes into the pipe
    (read -r _ <"$dir/plug") &
    wait
done
