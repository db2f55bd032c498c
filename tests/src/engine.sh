# The first process of an engine. $1: its directory, $2: `private` in namespaces of its own,
# $3: the control group for its containers.
PATH=$PATH:/usr/sbin:/sbin
dir=$1
if [ "$2" = private ]; then
    mount -t proc proc /proc
    mount -t tmpfs -o mode=755 tmpfs /run
    if ! grep -q ' cgroup2\? ' /proc/mounts; then
        # a machine without a service manager may not have mounted any
        mount -t tmpfs -o mode=755 tmpfs /sys/fs/cgroup
        while read -r controller _ _ enabled; do
            [ "$enabled" = 1 ] || continue
            mkdir "/sys/fs/cgroup/$controller"
            mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" ||
                rmdir "/sys/fs/cgroup/$controller"
        done </proc/cgroups
    fi
fi
# containerd writes its stacks there when it did not answer in time
mkdir "$dir/tmp"
export TMPDIR="$dir/tmp"
# no bridge and no filter: containers share the network of the machine, on loopback alone
dockerd --bridge=none --iptables=false --ip6tables=false --data-root "$dir/data" \
    --exec-root "$dir/exec" -H "unix://$dir/docker.sock" -p "$dir/docker.pid" \
    --cgroup-parent "/$3" &
engine=$!
trap 'kill -TERM "$engine"' TERM
wait "$engine"
# the first wait ends with the signal, the second with the engine
wait "$engine"
