# A place where something may be kept, as it is: `place KEY STATE MODE OWNER WRITABLE FREE KIND PATH`.
# FREE is in KiB; MODE and OWNER are `-` where nothing is there. Reads and changes nothing.
place() {
  case $2 in /*) ;; *) return ;; esac
  d=$2 k=absent
  if [ -L "$2" ]; then k=other
  elif [ -d "$2" ]; then k=there
  elif [ -e "$2" ]; then k=other
  fi
  # what is not there yet would be made in the nearest directory above it
  while [ ! -e "$d" ]; do d=${d%/*}; [ -n "$d" ] || d=/; done
  w=no
  [ ! -d "$d" ] || [ ! -w "$d" ] || [ ! -x "$d" ] || w=yes
  f=$(df -Pk "$d" | { read -r E; read -r E E E f E; echo "$f"; })
  t=$(stat -f -c %T "$d")
  m=$(ls -ldn "$2" | { read -r m E o E; echo "$m $o"; })
  [ "$k" = there ] || m="- -"
  echo "place $1 $k ${m:-- -} $w ${f:--} ${t:--} $2"
}
