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
    # sudo looks its own host up
    printf '127.0.0.1 localhost %s\n' "$3" >"$dir/hosts"
    [ ! -e /etc/hosts ] || mount --bind "$dir/hosts" /etc/hosts
    if [ -e "$dir/deploy" ]; then
        read -r uid <"$dir/deploy"
        for table in passwd group shadow; do cp -p "/etc/$table" "$dir/$table"; done
        echo "deploy:x:$uid:$uid::$dir/home:/bin/sh" >>"$dir/passwd"
        echo "deploy:x:$uid:" >>"$dir/group"
        echo "deploy:*:19000:0:99999:7:::" >>"$dir/shadow"
        for table in passwd group shadow; do mount --bind "$dir/$table" "/etc/$table"; done
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
