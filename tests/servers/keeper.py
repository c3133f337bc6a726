"""Outlive the process that started a server, and remove what it leaves behind.

    python -I -S keeper.py PARENT FOLDER

A test process that is killed with -9 cannot clean up. So this one, which does nothing but look whether the
process PARENT lives, is the leader of the process group that all programs of a server run in. When PARENT is
gone it ends the group and removes the folder.
"""

import os
import shutil
import signal
import sys
import time

LOOK_SECONDS = 0.1
END_SECONDS = 5


def main(parent: int, folder: str) -> None:
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    group = os.getpgrp()
    if os.fork() == 0:
        # From a group of its own, the child can tell when the other one is empty.
        os.setpgid(0, 0)
        end(group)
        remove(folder)


def end(group: int) -> None:
    """Tell a process group to quit, which makes PostgreSQL free its shared memory; then kill the rest."""
    for number in (signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + END_SECONDS
        while is_told(group, number) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)


def is_told(group: int, number: signal.Signals) -> bool:
    """Whether there is anybody in the group to get a signal."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def remove(folder: str) -> None:
    """Remove a folder in which a killed server's children may write for a moment longer."""
    deadline = time.monotonic() + END_SECONDS
    while os.path.exists(folder) and time.monotonic() < deadline:
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(LOOK_SECONDS / 10)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
