"""Run a command as a child, and end it when the process that asked for it is gone.

    python -I -S guard.py PARENT UID GID FOLDER COMMAND...

A test process that is killed with -9 cannot clean up; this one outlives it, ends the command and removes
its folder. It prints the command's process id, and its exit status is the command's. The command runs in the
folder, as the user UID:GID (-1:-1 for the same user), and writes both its streams to this one's standard error.
"""

import os
import shutil
import signal
import subprocess
import sys

LOOK_SECONDS = 0.2
END_SECONDS = 5


def main(parent: int, uid: int, gid: int, folder: str, command: list[str]) -> int:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, outlive)
    child = start(uid, gid, folder, command)
    print(child.pid, flush=True)
    while os.getppid() == parent:
        try:
            return child.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            continue
    end(child)
    shutil.rmtree(folder, ignore_errors=True)
    return 1


def outlive(number: int, frame: object) -> None:
    """Do nothing; unlike SIG_IGN, a handler is not inherited by the child."""


def start(uid: int, gid: int, folder: str, command: list[str]) -> subprocess.Popen[bytes]:
    change = uid >= 0
    return subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        user=uid if change else None,
        group=gid if change else None,
        extra_groups=[] if change else None,
    )


def end(child: subprocess.Popen[bytes]) -> None:
    """Tell the whole process group to quit: PostgreSQL frees its shared memory then, a script's children end too."""
    os.killpg(0, signal.SIGQUIT)
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


if __name__ == "__main__":
    parent, uid, gid = (int(word) for word in sys.argv[1:4])
    sys.exit(main(parent, uid, gid, sys.argv[4], sys.argv[5:]) & 0xFF)
