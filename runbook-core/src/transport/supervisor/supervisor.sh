# The supervisor: one long-lived shell per connection and user. It is evaluated by the constant
# bootstrap, with $H the greeting's nonce and $N a newline. POSIX sh; the loop is the only reader
# of its stdin and never waits for a running child, so that the end of stdin is always noticed.
# Its greeting is the nonce, in brackets its own parameters, and what starts sessions here, or `-`.
#
#   run TOKEN     two lines follow: code that sets X I D M and the function P, then TOKEN again,
#                 without which nothing runs; answered on stdout and stderr after the output
#   stop          kill what runs; its trailer is still sent
#
# X is the directory, I the standard input, D a scratch directory, M the mark of the attempt; P
# replaces itself by the program. J starts a program in a session of its own; it is empty where nothing on the host can.
# Whatever the host exports under these names is not for us, and ours are for nobody else.
unset C D E G I J K L M P Q T V W X Z
if J=$(command -v setsid); then J="$J --"
elif J=$(command -v perl); then J="$J -MPOSIX=setsid -e setsid();exec{(@ARGV)[0]}@ARGV;exit(127) --"
elif J=$(command -v python3); then
  J="$J -c __import__(\"os\").setsid();__import__(\"os\").execvp(__import__(\"sys\").argv[1],__import__(\"sys\").argv[1:])"
else J=
fi

# TERM now, KILL two seconds later for whoever ignores it.
stop() {
  K=killed
  [ -n "$C" ] || return 0
  kill -TERM "-$C" || kill -TERM "$C"
  (sleep 2; kill -KILL "$C"; kill -KILL "-$C") >/dev/null 4>&- &
  G=$!
}

# Whoever left the group is found by the mark in its environment.
sweep() {
  [ -n "$M" ] || return 0
  for E in $(grep -lzF -e "RUNBOOK_ATTEMPT=$M" /proc/[0-9]*/environ); do
    E=${E#/proc/}
    kill -KILL "${E%%/*}"
  done
}

# One attached program, from its directory to its trailer; runs in a subshell.
perform() {
  exec </dev/null
  K=ran C= G= Z=0 L=0
  trap stop TERM
  [ -z "$D" ] || mkdir -m 700 "$D" 2>&4 || K=scratch
  [ -z "$X" ] || cd -- "$X" 2>&4 || K=directory
  if [ "$K" = ran ]; then
    if [ -n "$I" ]; then printf %s "$I" | P 2>&4 4>&- &
    else P 2>&4 4>&- &
    fi
    C=$!
    [ "$K" = ran ] || stop
    while wait "$C"; Z=$?; [ "$K" = killed ] && kill -0 "$C"; do :; done
    if [ "$K" = killed ]; then
      kill -KILL "-$C"
      [ -z "$G" ] || kill -KILL "$G"
      sweep
    elif lives; then L=1
    fi
  fi
  [ -z "$D" ] || { cd /; rm -rf "$D"; }
  echo "$T $Z $K $L"
  echo "$T" >&4
}

# Stops the one that runs. The pid of one that has ended may be another's by now, which is told by
# whose child it is.
end() {
  [ -n "$W" ] || return 0
  if read -r E <"/proc/$W/stat"; then
    set -- ${E##*) }
    [ "$2" = $$ ] || return 0
  fi
  kill -TERM "$W"
}

cd "${HOME:-/}" 2>/dev/null || cd /
W=
echo "$H [$*] ${J:--}"
echo "$H" >&2
exec 4>&2 2>/dev/null
while read -r V T; do
  case $V in
  run)
    IFS= read -r B && IFS= read -r E && [ "$E" = "$T" ] || break
    # Its trailer was read, or nobody would ask for another.
    [ -z "$W" ] || wait "$W"
    (eval "$B"; perform) &
    W=$!
    ;;
  stop) end ;;
  esac
done
end
