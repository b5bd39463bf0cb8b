"""tmux: a window of the running server, else a detached session.

tmux expands formats, also `#(shell command)`, in a window's name and in the folder that `-c` takes. So the
folder is the one that we run tmux in, which it takes when there is no `-c`, and names are plain.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import stat
import sys
from collections.abc import Iterator, Mapping

import msgspec

from quota_tui.automation.terminals.base import Opened, OpenRequest, TerminalError
from quota_tui.automation.terminals.programs import Answer, ask, checked, environment, find, shown

SESSION = "quota-tui"
KEPT_S = 60
"""So long, in seconds, a window of which the program fails is kept with what it said; later it closes."""
_SESSIONS = "#{pid} #{session_id} #{session_attached} #{session_activity} #{session_name}"
_NUMBER = re.compile(r"@[0-9]+")
_WINDOW = "#{window_id} #{window_index} #{session_name}"


class Session(msgspec.Struct, frozen=True):
    """A session of a running server, as the server tells it."""

    server_pid: str
    id: str
    attached: int
    activity: int
    name: str


class Tmux:
    name = "tmux"

    def __init__(self, platform: str = sys.platform) -> None:
        self.platform = platform

    def available(self, env: Mapping[str, str]) -> str:
        """Empty when it is installed, else a sentence. No server need run."""
        if self.platform == "win32":
            return "tmux is not for Windows"
        return "" if find("tmux", env) else "tmux is not installed"

    def running(self, env: Mapping[str, str]) -> bool:
        """Whether a server of this user has a session in which a window would be seen. Never raises."""
        program = "" if self.available(env) else find("tmux", env)
        return bool(program) and any(server.sessions() for server in _servers(program, env))

    def open(self, request: OpenRequest) -> Opened:
        """Open a window. Raises `TerminalError`."""
        request = checked(request)
        program = find("tmux", request.env)
        if not program:
            raise TerminalError("tmux is not installed")
        servers = list(_servers(program, environment(request)))
        for server in servers:
            sessions = server.sessions()
            # A server that refuses is not the end: the next may not.
            with contextlib.suppress(TerminalError):
                if sessions:
                    return server.open_window(_best(sessions, request.env), request)
        try:
            return servers[-1].open_session(request)
        except TerminalError:
            sessions = servers[-1].sessions()
            if not sessions:
                raise
            # Another launch was faster, and its session is there now.
            return servers[-1].open_window(_best(sessions, request.env), request)


class _Server:
    """A server that may run; `socket` is empty for the user's default one."""

    def __init__(self, program: str, env: Mapping[str, str], socket: str = "") -> None:
        # With $TMUX set, tmux would take its server for the default one.
        self._env = {name: value for name, value in env.items() if name not in {"TMUX", "TMUX_PANE"}}
        self._command = [program, "-u", *(("-S", socket) if socket else ())]
        self._socket = socket

    def sessions(self) -> list[Session]:
        """Its sessions; none when it does not run, or does not answer."""
        try:
            answer = self._ask(None, "list-sessions", "-F", _SESSIONS)
        except TerminalError:
            return []
        found = []
        for line in answer.out.splitlines() if answer.code == 0 else ():
            with contextlib.suppress(ValueError):
                pid, number, attached, activity, name = line.split(" ", 4)
                found.append(Session(pid, number, int(attached), int(activity), name))
        return found

    def open_window(self, session: Session, request: OpenRequest) -> Opened:
        """A window in the background, its program's last words kept when it fails."""
        mark = _mark()
        window = self._opened(
            self._ask(
                request.folder,
                *("new-window", "-d", "-P", "-F", _WINDOW, "-n", mark, "-t", f"{session.id}:", "--"),
                *(*_items(request.argv), ";"),
                *("set-option", "-w", "-t", f"{session.id}:={mark}", "remain-on-exit", "on"),
            ),
            request,
        )
        return self._told(window, seen=session.attached > 0)

    def open_session(self, request: OpenRequest) -> Opened:
        """A session that nobody is attached to, whatever the person's settings say of such ones."""
        mark = _mark()
        answer = self._ask(
            request.folder,
            *("new-session", "-d", "-P", "-F", _WINDOW, "-s", SESSION, "-n", mark, "--"),
            *(*_items(request.argv), ";"),
            *("set-option", "-t", f"={SESSION}:", "destroy-unattached", "off", ";"),
            *("set-option", "-w", "-t", f"={SESSION}:={mark}", "remain-on-exit", "on"),
        )
        return self._told(self._opened(answer, request), seen=False, new=True)

    def _opened(self, answer: Answer, request: OpenRequest) -> tuple[str, str, str]:
        """Number, index and session of the new window, which now gets its name. Raises `TerminalError`.

        Until here it keeps whatever ends in it, so that nothing is lost that ends at once. From here on only
        what fails is kept (a tmux before 3.3 does not know that), and after a while nothing: with utempter,
        tmux 3.3 often overlooks that a program has ended and would leave the window standing.
        """
        parts = answer.out.strip().split(" ", 2)
        if len(parts) != 3 or _NUMBER.fullmatch(parts[0]) is None:
            raise TerminalError(f"tmux opened no window: {answer.said or f'exit code {answer.code}'}")
        window, index, session = parts
        later = f"set-option -qw -t {window} remain-on-exit off"
        with contextlib.suppress(TerminalError):
            self._ask(
                None,
                *("rename-window", "-t", window, request.title, ";"),
                *("run-shell", "-b", "-d", f"{KEPT_S}", "-C", later, ";"),
                *("set-option", "-w", "-t", window, "remain-on-exit", "failed"),
            )
        return window, index, session

    def _told(self, window: tuple[str, str, str], *, seen: bool, new: bool = False) -> Opened:
        _, index, session = window
        words = ["tmux", *(("-S", self._socket) if self._socket else ())]
        # Who is attached need not attach again, and tmux refuses that from inside.
        words += ["select-window" if seen else "attach", "-t", f"{session}:{index}"]
        place = f"tmux window {index} of session {shown(session)}"
        return Opened(f"{place}, new and detached" if new else place, shlex.join(words))

    def _ask(self, folder: str | None, *words: str) -> Answer:
        return ask([*self._command, *words], self._env, folder)


def _servers(program: str, env: Mapping[str, str]) -> Iterator[_Server]:
    """The server that `$TMUX` names, if it is this user's and its socket is there; then the default one."""
    socket = env.get("TMUX", "").rsplit(",", 2)[0]
    if os.path.isabs(socket) and _is_ours(socket) and not _is_default(socket, env):
        yield _Server(program, env, socket)
    yield _Server(program, env)


def _is_ours(socket: str) -> bool:
    """Another user's server would run our program as that user (root may talk to all)."""
    try:
        found = os.stat(socket)
    except (OSError, ValueError):
        return False
    return stat.S_ISSOCK(found.st_mode) and (sys.platform == "win32" or found.st_uid == os.geteuid())


def _is_default(socket: str, env: Mapping[str, str]) -> bool:
    if sys.platform == "win32":
        return False
    usual = os.path.join(env.get("TMUX_TMPDIR") or "/tmp", f"tmux-{os.getuid()}", "default")  # noqa: S108
    return os.path.realpath(socket) == os.path.realpath(usual)


def _best(sessions: list[Session], env: Mapping[str, str]) -> Session:
    """The session in which the job was made, if it is still the same server; else one that is looked at."""
    _, pid, number = ["", "", *env.get("TMUX", "").rsplit(",", 2)][-3:]
    for each in sessions:
        if each.id == f"${number}" and each.server_pid == pid:
            return each
    return max(sessions, key=lambda each: (each.attached > 0, each.activity))


def _items(argv: tuple[str, ...]) -> list[str]:
    r"""A last `;` ends a command of tmux; `\;` is a semicolon."""
    return [f"{item[:-1]}\\;" if item.endswith(";") else item for item in argv]


def _mark() -> str:
    """A name by which the same call finds the new window: its number is told only afterwards."""
    return f"{SESSION}-{os.urandom(6).hex()}"
