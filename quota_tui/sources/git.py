"""What git says about a working copy, without letting the repository say what is run.

Every call is an argument list with a time-out, takes no locks, asks nothing, pages nothing, and fetches
nothing. A repository's own configuration can name programs for git to run (a file system monitor, hooks,
filters, a signature checker, a transport): each of them is switched off, so that looking is safe also in a
folder that somebody else packed.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime

import msgspec

from quota_tui.core.facts import Commit, GitState
from quota_tui.sources.git_run import GitError, run

_MAX_COMMITS = 200
_MAX_FILES = 1000
_LAST_S = 250_000_000_000
"""No real commit is of a later second (Unix time); a clock cannot show one."""
_SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.untrackedCache=keep",
    "log.showSignature=false",
    "log.mailmap=false",
    "gpg.program=false",
    "diff.external=",
    "submodule.recurse=false",
    "safe.bareRepository=explicit",
    "protocol.allow=never",
)
_CONFIG_KEYS = r"^(user\.email|filter\..*\.(clean|smudge|process|required))$"
_LOG = ("log", "-z", "--no-show-signature", "--no-color", "--no-decorate", "--format=%h%x00%ct%x00%ce%x00%s")
_STATUS = (
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "--untracked-files=normal",
    "--ignore-submodules=all",
    "--no-renames",
)


def read_git(folder: str, since: datetime | None = None, *, timeout_s: float = 2.0) -> GitState:
    """The working copy that `folder` is in; `commits` are those since an instant. Never raises.

    `timeout_s` is for each of at most five calls; what did not answer in time is missing, and `problem`
    says so. Outside a repository no program is started.
    """
    if not os.path.isdir(folder):
        return GitState(problem="the folder does not exist")
    root = find_root(folder)
    if root is None:
        return GitState(problem="not a git repository")
    git = _Git(root, timeout_s)
    try:
        git.read_config()
        head = git.head()
        commits, others = git.commits(since) if head is not None and since is not None else ((), 0)
        branch = git.branch()
    except GitError as error:
        return GitState(root=root, problem=str(error))
    state = GitState(root=root, branch=branch, head=head, commits=commits, commits_of_others=others)
    try:
        return _with_status(state, git.status())
    except GitError as error:
        return msgspec.structs.replace(state, problem=f"changed files are not known: {error}")


def branch_exists(folder: str, branch: str, *, timeout_s: float = 2.0) -> bool | None:
    """Whether a local branch is there; None when git cannot tell."""
    root = find_root(folder)
    if root is None or "\0" in branch:
        return None
    try:
        git = _Git(root, timeout_s)
        if git.branch() == branch:
            return True  # also one without commits yet
        git.call("show-ref", "--verify", "--quiet", f"refs/heads/{branch}")
    except GitError as error:
        return False if error.code == 1 else None
    return True


def find_root(folder: str) -> str | None:
    """The nearest folder at or above with a `.git` in it; None outside a repository."""
    here = os.path.abspath(folder)
    while not os.path.exists(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here:
            return None
        here = above
    return here


class _Git:
    def __init__(self, root: str, timeout_s: float) -> None:
        self._root = root
        self._timeout_s = timeout_s
        self._config: list[str] = [part for setting in _SAFE for part in ("-c", setting)]
        self._email = ""

    def call(self, *args: str) -> tuple[bytes, bool]:
        """What git prints, and whether it was cut."""
        command = ["--no-pager", "--no-optional-locks", "--literal-pathspecs", "-C", self._root]
        return run([*command, *self._config, *args], self._timeout_s, ceiling=os.path.dirname(self._root))

    def read_config(self) -> None:
        """Learn who the person is, and switch off the filters that the repository names."""
        try:
            out, cut = self.call("config", "-z", "--get-regexp", _CONFIG_KEYS)
        except GitError as error:
            if error.code != 1:  # 1 is: no such keys
                raise
            return
        if cut:
            raise GitError("its configuration is too large")
        filters: dict[str, None] = {}
        for entry in _text(out).split("\0"):
            key, _, value = entry.partition("\n")
            if key == "user.email":
                self._email = value.strip()
            elif "." in key:
                filters[key.rpartition(".")[0]] = None
        for name in filters:
            if "=" in name:  # it cannot be overridden on a command line
                raise GitError("its configuration has a filter with a name that cannot be switched off")
            for part in ("clean=", "smudge=", "process=", "required=false"):
                self._config += ["-c", f"{name}.{part}"]

    def branch(self) -> str:
        """The branch, also one without commits; empty when the head is detached."""
        try:
            return _text(self.call("symbolic-ref", "--quiet", "--short", "HEAD")[0]).rstrip("\n")
        except GitError as error:
            if error.code == 1:
                return ""
            raise

    def head(self) -> Commit | None:
        """The last commit; None where there is none yet."""
        try:
            found = self._log("-n", "1", "HEAD")
        except GitError as error:
            if error.code == 128 and self.branch():
                return None  # a branch without commits: `log` has nothing to begin from
            raise
        return found[0][0] if found else None

    def commits(self, since: datetime) -> tuple[tuple[Commit, ...], int]:
        """This person's commits since then, the oldest first, and how many are of others."""
        after = f"--since={since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        found = self._log("-n", str(_MAX_COMMITS), "--no-merges", after, "HEAD")
        own = [
            commit for commit, email in found if not self._email or email.casefold() == self._email.casefold()
        ]
        return tuple(reversed(own)), len(found) - len(own)

    def status(self) -> tuple[bytes, bool]:
        return self.call(*_STATUS)

    def _log(self, *args: str) -> list[tuple[Commit, str]]:
        fields = _text(self.call(*_LOG, *args, "--")[0]).split("\0")
        found = []
        for at in range(0, len(fields) - 3, 4):
            short, seconds, email, subject = fields[at : at + 4]
            if seconds.isdigit() and int(seconds) < _LAST_S:
                found.append((Commit(short, subject, datetime.fromtimestamp(int(seconds), UTC)), email))
        return found


def _with_status(state: GitState, answer: tuple[bytes, bool]) -> GitState:
    """The state with what `status --porcelain=v2 -z` lists."""
    out, cut = answer
    records = out.split(b"\0")
    if cut:
        records = records[:-1]
    files: dict[str, list[str]] = {"staged": [], "modified": [], "untracked": []}
    ahead = behind = None
    rest = iter(records)
    for record in rest:
        kind = record[:2]
        if kind == b"# " and (found := re.fullmatch(rb"# branch\.ab \+(\d+) -(\d+)", record)):
            ahead, behind = int(found[1]), int(found[2])
        elif kind == b"? ":
            files["untracked"].append(os.fsdecode(record[2:]))
        elif kind in {b"1 ", b"2 ", b"u "}:
            _add_change(files, record)
            if kind == b"2 ":
                next(rest, None)  # the name before a rename
    cut = cut or any(len(names) > _MAX_FILES for names in files.values())
    listed = {key: tuple(names[:_MAX_FILES]) for key, names in files.items()}
    return msgspec.structs.replace(state, ahead=ahead, behind=behind, cut=cut, **listed)


def _add_change(files: dict[str, list[str]], record: bytes) -> None:
    """One changed file: `1 XY sub mH mI mW hH hI path`, with more fields before the path for `2` and `u`."""
    before = {b"1": 8, b"2": 9, b"u": 10}[record[:1]]
    fields = record.split(b" ", before)
    if len(fields) <= before:
        return
    name, states = os.fsdecode(fields[before]), fields[1]
    if record[:1] == b"u" or states[1:2] != b".":
        files["modified"].append(name)
    if record[:1] != b"u" and states[:1] != b".":
        files["staged"].append(name)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
