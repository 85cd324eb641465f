"""Runs commands in turns (A B C A B C …) and keeps what the kernel says of each: CPU time, wall time, exit code.

CPU time, since others use the machine too; and ratios only within one round. A command that is a base runs twice in each
round: its ratio to itself is the noise of that very measurement."""

import contextlib
import os
import sys
import time
from dataclasses import dataclass, field

import figures

DEVNULL = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
AGAIN = " again"


@dataclass
class Command:
    """What is run, from where, and what has to be done before each run without being measured."""

    name: str
    argv: list
    cwd: str = "."
    env: dict | None = None
    before: object = None
    codes: tuple = (0,)


@dataclass
class Samples:
    cpu: list = field(default_factory=list)
    wall: list = field(default_factory=list)


def run(command):
    """Once; seconds of CPU and of wall time."""
    if command.before:
        command.before()
    home = os.getcwd()
    os.chdir(command.cwd)
    try:
        start = time.perf_counter()
        argv = [str(word) for word in command.argv]
        # vfork and exec: nothing of this interpreter is copied on the child's account.
        pid = os.posix_spawnp(argv[0], argv, command.env or os.environ, file_actions=DEVNULL)
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
    finally:
        os.chdir(home)
    code = os.waitstatus_to_exitcode(status)
    if code not in command.codes:
        sys.exit(f"bench: {command.name}: `{' '.join(argv)}` in {command.cwd} ended with {code}, expected {command.codes}")
    return usage.ru_utime + usage.ru_stime, wall


class Rounds:
    """Samples of several commands, taken in the same rounds."""

    def __init__(self, commands, count, warmups=2, bases=()):
        self.count = count
        names = [command.name for command in commands]
        commands = list(commands) + [
            Command(c.name + AGAIN, c.argv, c.cwd, c.env, c.before, c.codes) for c in commands if c.name in bases
        ]
        assert len(set(names)) == len(names), names
        self.samples = {command.name: Samples() for command in commands}
        with top_weight():
            for turn in range(warmups + count):
                for command in commands:
                    cpu, wall = run(command)
                    if turn >= warmups:
                        self.samples[command.name].cpu.append(cpu)
                        self.samples[command.name].wall.append(wall)

    def cpu(self, name):
        """Median, in milliseconds."""
        return 1000 * figures.median(self.samples[name].cpu)

    def wall(self, name):
        return 1000 * figures.median(self.samples[name].wall)

    def ratio(self, name, base, of="cpu"):
        return figures.ratio(getattr(self.samples[name], of), getattr(self.samples[base], of))

    def control(self, base, of="cpu"):
        """The base against itself."""
        return self.ratio(base + AGAIN, base, of) if base + AGAIN in self.samples else None

    def row(self, goal, name, base, limit, what=None, of="cpu", note=""):
        """`name` as a multiple of `base`."""
        unit = {"cpu": "ms CPU", "wall": "ms"}[of]
        absolute = f"{figures.number(getattr(self, of)(name))} to {figures.number(getattr(self, of)(base))} {unit}"
        note = f"{absolute}; {note}" if note else absolute
        return figures.Row(
            goal, what or f"{name} / {base}", self.ratio(name, base, of), limit, control=self.control(base, of),
            note=note, rounds=self.count,
        )


AUTOGROUP = "/proc/self/autogroup"


def own_session():
    """Puts what follows into a session, and so a scheduling group, of its own; the caller's process waits for it."""
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        sys.exit(os.waitstatus_to_exitcode(status))
    os.setsid()


@contextlib.contextmanager
def top_weight():
    """Top weight for this session's scheduling group while measuring, where that is allowed."""
    weigh("-20")
    try:
        yield
    finally:
        weigh("0")


def weigh(nice):
    with contextlib.suppress(OSError):
        with open(AUTOGROUP, "w") as group:
            group.write(nice)
