"""A tmux server with a bash in each of two windows: one counts, in the other one a person types."""
from load import *


def tmux(*words):
    return subprocess.run(["tmux", "-S", path("tmux.sock"), "-f", "/dev/null", *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def shows(window, text):
    for _ in range(3000):
        if any(line.strip() == text for line in tmux("capture-pane", "-p", "-S", "-200", "-t", window).splitlines()):
            return
        time.sleep(0.02)
    raise RuntimeError("%r never showed:\n%s" % (text, tmux("capture-pane", "-p", "-t", window)))


def main():
    tmux("new-session", "-d", "-s", "s", "-x", "100", "-y", "30", "bash --norc --noprofile")
    tmux("new-window", "-t", "s:1", "bash --norc --noprofile -c 'n=0; while sleep 0.02; do n=$((n+1)); echo $n > %s; echo count $n; done'" % path("count"))
    tmux("send-keys", "-t", "s:0", "PS1='ready> '", "Enter")
    shows("s:0", "ready>")
    tmux("send-keys", "-t", "s:0", "typed=0", "Enter")
    state = {"typed": 0, "count": 0}

    def typing():
        state["typed"] += 1
        tmux("send-keys", "-t", "s:0", "typed=$((typed+1)); echo typed $typed", "Enter")
        shows("s:0", "typed %d" % state["typed"])

    def counting():
        for _ in range(3000):
            text = open(path("count")).read().strip() if os.path.exists(path("count")) else ""
            if text and int(text) > state["count"]:
                if int(text) < state["count"]:
                    raise RuntimeError("the count went back")
                state["count"] = int(text)
                return
            time.sleep(0.02)
        raise RuntimeError("the count stands still")
    run({"typing": typing, "counting": counting}, lambda counts: tmux("kill-server"))


dies_with_fault(main)
