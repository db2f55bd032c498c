# What this machine has for starting runs from it, one fact a line. Reads and changes nothing.
#   $1 the state directory   $2 the place in memory   $3 a configuration for `ssh`, or nothing
set +eu
exec 2>/dev/null
u=$(id -u)
echo "user $u $(id -un)"
v=$(ssh -V 2>&1) && echo "ssh $v"
ssh ${3:+-F "$3"} -G localhost </dev/null | while read -r E v; do
  [ "$E" != kexalgorithms ] || echo "exchange ${v%%,*}"
done
k=$(ssh-add -l </dev/null)
case $? in
0) echo "agent $(echo "$k" | wc -l)" ;;
1) echo "agent 0" ;;
esac
place state "$1"
place memory "$2"
