"""What a project is: the working copy that a folder is in, else the folder itself, by its real path.

So a session in a folder of a repository and a handoff written at its root belong together. A git worktree
has a `.git` of its own, and so is a project of its own. A home folder that is under version control does
not make everything below it one project.
"""

from __future__ import annotations

import os
from pathlib import Path


def project_path(folder: str | Path) -> str:
    """The one name of the project that a folder is in. The folder need not exist."""
    here = start = os.path.realpath(os.path.expanduser(folder))
    home = os.path.realpath(os.path.expanduser("~"))
    while True:
        above = os.path.dirname(here)
        if os.path.exists(os.path.join(here, ".git")) and (here != home or here == start):
            return here
        if above == here:
            return start
        here = above


def same_project(one: str | Path, other: str | Path) -> bool:
    """Whether two folders are in one project."""
    return project_key(one) == project_key(other)


def project_key(folder: str | Path) -> str:
    """The same for two folders exactly when they are in one project."""
    return os.path.normcase(project_path(folder))
