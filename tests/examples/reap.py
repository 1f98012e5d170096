#!/usr/bin/env python3
"""Runs a command and waits for all that is orphaned below it, at once: the init of some containers looks for its dead only now
and then, and until then their process ids are taken. Ends with the command's exit code."""
import ctypes
import os
import subprocess
import sys

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
command = subprocess.Popen(sys.argv[1:])
while True:
    pid, status = os.wait()
    if pid == command.pid:
        sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
