# Holds a lock on this host for as long as its stdin stays open. Evaluated by the constant bootstrap,
# with $H the greeting's nonce; answers once, after the nonce: `held FILE`, `ours FILE` (the same run
# holds it), `busy WHO` or `no WHY`. Nothing is waited for. Each line on stdin says anew who holds it.
#   $1 the lock's name as a file's  $2 run  $3 who holds it, for others to read
#
# The owner's file is locked by this shell alone. The run's own file says who it is, and is locked, shared, by
# this shell and by the runner of each of the run's jobs: a job keeps others out when we are gone.
set +eu
umask 022
cd /
exec 4>&2 2>/dev/null
say() { echo "$H $*"; echo "$H" >&4; }
no() { say no "$*"; exit 0; }
# Every user of the host must come to the same directory, so that none of this depends on who asks.
d=
for E in /run/lock/runbook /var/tmp/runbook-locks; do
  case $(ls -ldn "${E%/*}/") in drwxrwxrwt*) d=$E; break ;; esac
done
[ -n "$d" ] || no "neither /run/lock nor /var/tmp is a directory that all users share"
command -v flock >/dev/null || no "it has no flock: install util-linux"
mkdir -m 1777 "$d"
for E in 1 2 3 4 5 6 7 8 9; do
  # Who makes it now may not have opened it to all yet.
  case $(ls -ldn "$d") in drwxrwxrwt*) break ;; esac
  sleep 0.1 || sleep 1
done
case $(ls -ldn "$d") in drwxrwxrwt*) ;; *) no "$d is not a directory with mode 1777" ;; esac
n=$d/$1
o=$n.owner r=$n.run.$2
plain() { [ -f "$1" ] && [ ! -L "$1" ] && [ -r "$1" ]; }
# Where it exists it is only read: it may be another user's, and locking needs no more.
open() { plain "$1" || (set -C; printf "%s\n" "$2" >"$1"); plain "$1"; }
# Whether nobody has this file locked.
free() { (flock -n 9) 9<"$1"; }
# Tells who has a run's file locked.
busy() {
  # A second name of this host in one run, or what is left of a connection that was lost.
  ! plain "$r" || free "$r" || { say ours "$r"; exit 0; }
  for E in "$n".run.*; do
    if plain "$E" && ! free "$E"; then IFS= read -r F <"$E"; say busy "$F"; exit 0; fi
  done
  say busy
  exit 0
}
open "$o" "" || no "$o cannot be opened"
exec 8<"$o"
flock -n 8 || busy
for E in "$n".run.*; do
  [ "$E" != "$r" ] && plain "$E" || continue
  free "$E" || busy
  rm -f "$E"
done
[ ! -e "$r" ] || printf "%s\n" "$3" >"$r"
open "$r" "$3" || no "$r cannot be written"
exec 7<"$r"
flock -s 7 || no "$r cannot be locked"
say held "$r"
while IFS= read -r E; do printf "%s\n" "$E" >"$r"; done
exec 7<&-
! free "$r" || rm -f "$r"
