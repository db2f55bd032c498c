# Makes sure that a job which did not start can never start: takes its claim and its fence.
# Answers `voided`, or `running` when the job has its fence.
#   $1 base  $2 name
set +eu
umask 077
exec 2>/dev/null
mkdir -p "$1/jobs"
mkdir "$1/jobs/$2"
cd "$1/jobs/$2" || { echo refused; exit 0; }
if mkdir go; then : >void; echo voided
elif [ -f void ]; then echo voided
else echo running
fi
