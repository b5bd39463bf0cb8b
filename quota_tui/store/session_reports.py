"""Reports as files: `<claude config>/session-reports/<id>-report.md`. A person may edit them."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from quota_tui.core.tracking.report import Report, render
from quota_tui.core.tracking.report_head import MAX_HEAD, Head, parse_head
from quota_tui.store import files

FOLDER = "session-reports"
_END = "-report.md"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")


class ReportError(Exception):
    """There is no such report. The text is one sentence a person can act on."""


class SessionReports:
    """The folder of one Claude Code configuration."""

    def __init__(self, config_dir: Path) -> None:
        self.folder = config_dir / FOLDER

    def path(self, report_id: str) -> Path:
        """Where a report lies. Raises ReportError when it is no id."""
        if not _ID.fullmatch(report_id):
            raise ReportError(f"`{report_id}` is no id: small letters, digits and hyphens only")
        return self.folder / f"{report_id}{_END}"

    def save(self, report: Report) -> Path:
        """Write a report; one that a person has edited meanwhile is copied first. Raises StoreError."""
        path = self.path(report.tracking.id)
        data = render(report).encode("utf-8", "replace")
        files.ensure_private_dir(self.folder)
        if files.read_if_there(path) not in {None, data}:
            files.backup(path)
        files.write_atomic(path, data)
        return path

    def heads(self) -> list[Head]:
        """The heads of all reports that can be read, the newest first. Raises StoreError."""
        found = []
        for report_id in self.ids():
            with contextlib.suppress(files.StoreError, ReportError):  # removed or closed to us meanwhile
                found.append(self.head(report_id))
        return sorted(
            found, key=lambda head: (head.start.timestamp() if head.start else 0.0, head.id), reverse=True
        )

    def head(self, report_id: str) -> Head:
        """The head of one report. Raises ReportError and StoreError."""
        path = self.path(report_id)
        with files.told_as("read", path):
            try:
                with path.open("rb") as file:
                    data = file.read(MAX_HEAD)
            except FileNotFoundError:
                raise ReportError(
                    f"there is no report {report_id}; `quota-tui report --list` shows all"
                ) from None
        return parse_head(data.decode("utf-8", "replace"), report_id)

    def text(self, report_id: str) -> str:
        """A report. Raises ReportError and StoreError."""
        data = files.read_if_there(self.path(report_id))
        if data is None:
            raise ReportError(f"there is no report {report_id}; `quota-tui report --list` shows all")
        return data.decode("utf-8", "replace")

    def ids(self) -> list[str]:
        """All ids. Raises StoreError."""
        with files.told_as("read the folder", self.folder):
            try:
                names = os.listdir(self.folder)
            except FileNotFoundError:
                return []
        ids = [name.removesuffix(_END) for name in names if name.endswith(_END)]
        return sorted(each for each in ids if _ID.fullmatch(each))

    def find(self, word: str) -> str:
        """The id that is this word, or the only one that begins or ends so. Raises as `head` does."""
        ids = self.ids()
        if word in ids:
            return word
        like = [each for each in ids if word and (each.startswith(word) or each.endswith(f"-{word}"))]
        if len(like) != 1:
            which = f"{len(like)} reports are like" if like else "there is no report"
            raise ReportError(f"{which} `{word}`; `quota-tui report --list` shows them all")
        return like[0]
