#!/bin/bash
# The tree of demo.ps1: a pipeline that counts, a zombie, and a few MB of state that every step depends on.
#   demo-tree.sh LOG COUNT-OF-BYTES
exec </dev/null >>"$1" 2>&1

# What this was started from may have left descriptors open that belong to others (bash keeps this script at 255).
for descriptor in /proc/$$/fd/*; do
    number=${descriptor##*/}
    [ "$number" -gt 2 ] && [ "$number" != 255 ] && exec {number}>&-
done

# Its child has ended with status 7, and sleep(1) will never ask for it.
sh -c '(exit 7) & exec sleep 100000' &

state=$(head -c "$2" /dev/zero | tr '\0' x)
while :; do
    count=$((count + 1))
    echo "$count ${#state}"
    sleep 0.1
done | while read -r count bytes; do
    echo "count $count, told to pid $BASHPID, with $bytes bytes of state"
done
