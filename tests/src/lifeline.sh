# Ends what a test process left behind. $1 is the directory of that process; our standard input
# is a pipe that only the process holds, so its end is the end of the process, however it died.
root=$1
while read -r _; do :; done

# From here on nothing can be added: a program writes its name into `held` before it starts.
mv "$root/held" "$root/ended" || exit 1
pids=
for held in "$root"/ended/*; do
    [ -e "$held" ] || continue
    pid=${held##*/}
    read -r started <"$held"
    read -r stat 2>/dev/null <"/proc/$pid/stat" || continue
    # a number is used again: only the process that was started at that time is ours
    set -- ${stat##*) }
    [ "${20}" = "$started" ] && pids="$pids $pid"
done
# what ran on a host of the lab where no process namespace could be had
for pid in $(grep -lszxF "RUNBOOK_LAB_ROOT=$root" /proc/[0-9]*/environ 2>/dev/null); do
    pid=${pid#/proc/}
    pids="$pids ${pid%/environ}"
done
[ -z "$pids" ] || kill -KILL $pids 2>/dev/null

# a container's last process may end after its engine: until nothing is written any more
tries=0
while [ -e "$root" ] && [ "$tries" -lt 200 ]; do
    find /sys/fs/cgroup -depth -type d -path "*/${root##*/}*" -exec rmdir {} + 2>/dev/null
    rm -rf "$root" 2>/dev/null || sleep 0.05
    tries=$((tries + 1))
done
