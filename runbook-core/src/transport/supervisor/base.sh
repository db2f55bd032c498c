# Chooses where jobs are kept: the first directory that is ours alone and takes 64 KiB.
# Answers `base DISK|MEMORY PATH`, before it one `not WHY PATH` for each that was refused.
#   $1 the configured one, or nothing
set +eu
umask 077
exec 2>/dev/null
u=$(id -u)

# Of jobs that ended two weeks ago only their end is kept: the claim stays, so that none of them can
# ever run again. Done once a day, and never for many at a time.
tidy() {
  cd "$1" || return
  [ -z "$(find tidied -mtime -1)" ] || return
  : >tidied
  n=0
  find jobs -name exit -mtime +13 | while IFS= read -r e; do
    d=${e%/exit}
    [ -f "$d/out" ] || continue
    for e in "$d"/*; do
      [ "$e" = "$d/exit" ] || rm -rf "$e"
    done
    n=$((n + 1))
    [ "$n" -lt 200 ] || break
  done
}

for b in "$1" "${HOME:+$HOME/.local/state/runbook}" "/var/tmp/runbook-$u" "/dev/shm/runbook-$u"; do
  case $b in /*) ;; *) continue ;; esac
  case $b in
  /var/tmp/*|/dev/shm/*) mkdir "$b" ;;
  *) [ -d "$b" ] || mkdir -p "$b" ;;
  esac
  if [ -L "$b" ] || [ ! -d "$b" ]; then echo "not missing $b"; continue; fi
  case $b in /var/tmp/*|/dev/shm/*) ;; *) chmod 700 "$b" ;; esac
  set -- "$1" $(ls -ldn "$b")
  case $2 in drwx------*) ;; *) echo "not private $b"; continue ;; esac
  [ "$4" = "$u" ] || { echo "not ours $b"; continue; }
  p=$b/.probe.$$
  e=$(LC_ALL=C dd if=/dev/zero of="$p" bs=65536 count=1 2>&1) && [ "$(wc -c <"$p")" -eq 65536 ]
  w=$?
  rm -f "$p"
  case $w$e in
  0*) ;;
  *"No space"*|*quota*) echo "not full $b"; continue ;;
  *) echo "not writable $b"; continue ;;
  esac
  k=DISK
  [ "$(stat -f -c %T "$b")" != tmpfs ] || k=MEMORY
  mkdir -p "$b/jobs" || continue
  echo "base $k $b"
  tidy "$b"
  exit 0
done
