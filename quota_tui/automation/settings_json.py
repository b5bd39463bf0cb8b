"""Claude Code's `settings.json`: plan a change, show it, apply it, undo it to the byte.

A `Plan` is made without touching anything; `apply` refuses when the file is no longer what was shown.
The file without us (the baseline) is remembered. While the file is still what we wrote, uninstalling
restores the baseline byte for byte; once someone edited it, only our entries are taken out of the text.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from quota_tui.automation import made_folders
from quota_tui.automation.command_names import any_installed
from quota_tui.automation.entries import Entry
from quota_tui.automation.installed import (
    EntryRecord,
    FileRecord,
    InstallRecord,
    chained_command,
    decode_record,
    file_key,
    record_file,
    settings_file,
)
from quota_tui.automation.shown import diff
from quota_tui.store import files, jsonedit
from quota_tui.store.jsonscan import BOM, WHITESPACE, JsonTextError, decode
from quota_tui.store.paths import Paths

__all__ = ["Changed", "Plan", "Refused", "apply", "chained_command", "plan_install", "plan_uninstall"]

_EMPTY = "{}\n"


class Refused(Exception):  # noqa: N818 - says what happened
    """The file is not one we can edit. The text names file and line and says what to do."""


class Changed(Exception):  # noqa: N818 - says what happened
    """The file is not any more what the plan was made from; nothing was written."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A change of one settings file, not yet made.

    `before` and `after` are the whole file, None for no file. `previous` and `record` are what was and
    what will be remembered of it, None for nothing; `known` are the bytes of the record the plan rests on.
    """

    file: Path
    before: bytes | None
    after: bytes | None
    previous: FileRecord | None
    record: FileRecord | None
    known: bytes | None
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do to the settings file."""
        return self.before != self.after

    @property
    def forgets(self) -> bool:
        """Whether something is remembered that is not so any more."""
        return self.previous is not None and self.record is None

    @property
    def place(self) -> Path:
        """What it is about, in a sentence."""
        return self.file

    def writes(self) -> list[Path]:
        """Files that will be written."""
        return [self.file] if self.changes and self.after is not None else []

    def removes(self) -> list[Path]:
        """Files that will be gone."""
        return [self.file] if self.changes and self.after is None else []

    def diff(self) -> str:
        """The change as a unified diff."""
        return diff(self.file, self.before, self.after)


def plan_install(
    paths: Paths, wanted: Iterable[str], known: Mapping[str, Entry], env: Mapping[str, str] | None = None
) -> Plan:
    """Put the entries named `wanted` in; `known` are all there are. Raises `Refused` and `StoreError`."""
    found = _Found.read(paths, env)
    old = found.previous
    kept = {entry.name: entry for entry in old.entries} if old else {}
    notes: list[str] = []
    with _refusing(found.file):
        baseline = found.baseline(known.values())
        text = _EMPTY if found.blank else found.text
        for name in wanted:
            text, new = known[name].put(text, kept.get(name))
            if new is None:
                notes.append(f"your own {name} setting runs quota-tui already; it stays as it is")
            else:
                kept[name] = new
    after = text.encode() if kept else found.before
    record = FileRecord(
        path=file_key(found.file),
        baseline=baseline,
        before_sha256=_sha256(_encoded(baseline)),
        after_sha256=_sha256(after),
        backup=old.backup if old else "",
        made_folder=bool(old and old.made_folder) or not found.file.parent.exists(),
        entries=tuple(kept.values()),
    )
    return found.plan(after, record if kept else None, notes)


def plan_uninstall(
    paths: Paths, names: Collection[str], known: Mapping[str, Entry], env: Mapping[str, str] | None = None
) -> Plan:
    """Take the entries `names` out. Raises `Refused` and `StoreError`."""
    found = _Found.read(paths, env)
    staying = tuple(entry for entry in found.entries if entry.name not in names)
    with _refusing(found.file):
        baseline = found.baseline(known.values())
        if found.previous is None or staying:
            text = found.without([entry for name, entry in known.items() if name in names])
            after = found.before if found.before is None else text.encode()
        else:
            after = _encoded(baseline)
    if found.previous is None or not staying:
        return found.plan(after, None, [])
    record = msgspec.structs.replace(
        found.previous,
        baseline=baseline,
        before_sha256=_sha256(_encoded(baseline)),
        after_sha256=_sha256(after),
        entries=staying,
    )
    return found.plan(after, record, [])


def apply(paths: Paths, plan: Plan) -> Path | None:
    """Make the change; returns the backup made of the file as it was, if one was needed.

    Raises `Changed` when anyone touched file or record since the plan, and `StoreError`; then nothing
    has changed. Killed in between, the next install or uninstall finds its way.
    """
    files.ensure_private_dir(paths.data_dir)
    with files.locked(paths.data_dir / "install.lock"):
        remembered = record_file(paths)
        if files.read_if_there(plan.file) != plan.before or files.read_if_there(remembered) != plan.known:
            raise Changed(f"{plan.file} was changed by someone else just now; nothing was written")
        copy = _back_up(paths, plan)
        if plan.record is None:
            _write(paths, plan)
            with contextlib.suppress(files.StoreError):  # a record too many does no harm
                _remember(paths, plan, None)
        else:
            # The record first: without it a person's own value could be lost, without the change it
            # merely says too much.
            backup = str(copy) if copy else plan.record.backup
            _remember(paths, plan, msgspec.structs.replace(plan.record, backup=backup))
            try:
                _write(paths, plan)
            except BaseException:
                with contextlib.suppress(files.StoreError):
                    _put_back(remembered, plan.known)
                raise
        files.remove_leftovers(plan.file.parent, older_than_s=0.0)
    _tidy(paths, plan)
    return copy


class _Found(msgspec.Struct, frozen=True):
    """A settings file as it is, and what is remembered of it."""

    file: Path
    before: bytes | None
    text: str
    known: bytes | None
    previous: FileRecord | None
    notes: tuple[str, ...]

    @classmethod
    def read(cls, paths: Paths, env: Mapping[str, str] | None) -> _Found:
        file = settings_file(env)
        before = files.read_if_there(file)
        with _refusing(file):
            text = decode(before or b"")
        known = files.read_if_there(record_file(paths))
        try:
            return cls(file, before, text, known, decode_record(known).file(file), ())
        except msgspec.DecodeError:
            note = f"{record_file(paths)} is damaged and will be set aside; backups are kept beside it"
            return cls(file, before, text, known, None, (note,))

    @property
    def blank(self) -> bool:
        return not self.text.strip(WHITESPACE + BOM)

    @property
    def entries(self) -> tuple[EntryRecord, ...]:
        return self.previous.entries if self.previous else ()

    def without(self, going: Iterable[Entry]) -> str:
        text = self.text
        for entry in () if self.blank else going:
            text = entry.take(text, self.previous.entry(entry.name) if self.previous else None)
        return text

    def baseline(self, known: Iterable[Entry]) -> str | None:
        """The file as it would be without us."""
        if self.before is None:
            return None
        if self.previous and _sha256(self.before) == self.previous.after_sha256:
            return self.previous.baseline
        text = self.without(known)
        ours_alone = self.previous is not None and self.previous.baseline is None
        return None if ours_alone and not self.blank and jsonedit.get(text, ()) == {} else text

    def plan(self, after: bytes | None, record: FileRecord | None, notes: list[str]) -> Plan:
        return Plan(
            file=self.file,
            before=self.before,
            after=after,
            previous=self.previous,
            record=record,
            known=self.known,
            notes=(*self.notes, *notes),
        )


def _back_up(paths: Paths, plan: Plan) -> Path | None:
    """Copy the file, unless there is none or it is what we wrote: then the baseline is remembered."""
    if plan.before is None or not plan.changes:
        return None
    if plan.previous and _sha256(plan.before) == plan.previous.after_sha256:
        return None
    folder = paths.data_dir / "backups"
    files.ensure_private_dir(folder)
    return files.backup(plan.file, folder)


def _write(paths: Paths, plan: Plan) -> None:
    if not plan.changes:
        return
    if plan.after is None:
        files.remove_file(plan.file)
        if plan.previous and plan.previous.made_folder:
            with contextlib.suppress(OSError):  # no longer empty
                plan.file.parent.rmdir()
        return
    if not plan.file.parent.exists():
        made_folders.make(paths, plan.file.parent)
    files.write_atomic(plan.file, plan.after)


def _remember(paths: Paths, plan: Plan, record: FileRecord | None) -> None:
    remembered = record_file(paths)
    try:
        old = decode_record(plan.known)
    except msgspec.DecodeError:
        files.backup(remembered)
        old = InstallRecord()
    new = old.with_file(plan.file, record)
    data = msgspec.json.format(msgspec.json.encode(new), indent=2) + b"\n" if new.files else None
    _put_back(remembered, data)


def _put_back(remembered: Path, data: bytes | None) -> None:
    if data is None:
        files.remove_file(remembered)
    else:
        files.write_atomic(remembered, data)


def _tidy(paths: Paths, plan: Plan) -> None:
    """After the last uninstall: no backup that is the same as the file, no empty folders."""
    if plan.record is not None:
        return
    with contextlib.suppress(OSError, files.StoreError):
        copy = Path(plan.previous.backup) if plan.previous and plan.previous.backup else None
        if copy and files.read_if_there(copy) == plan.after:
            copy.unlink(missing_ok=True)
    folder = plan.file.parent
    made_folders.tidy(paths, folder, final=not any_installed(folder))
    for folder in (paths.data_dir / "backups", paths.data_dir):
        with contextlib.suppress(OSError):  # not empty, or not there
            folder.rmdir()


@contextlib.contextmanager
def _refusing(file: Path) -> Iterator[None]:
    try:
        yield
    except JsonTextError as error:
        raise Refused(f"{file} line {error.line}: {error.problem}") from error


def _encoded(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def _sha256(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()
