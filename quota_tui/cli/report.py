"""`quota-tui report`: what came of the plans that were tracked."""

from __future__ import annotations

from collections.abc import Sequence

import click
import msgspec

from quota_tui.cli.editor import NoEditor
from quota_tui.cli.editor import edit as open_editor
from quota_tui.cli.setup import EXIT_DATA, EXIT_UNKNOWN, face_of, fail, set_up, utc_now
from quota_tui.core.tracking.report_head import Head
from quota_tui.core.words import Face, clean, in_face, moment, tokens
from quota_tui.store.files import StoreError
from quota_tui.store.session_reports import ReportError, SessionReports

NONE_YET = "there is no report yet; `quota-tui track stop` writes one"


@click.command()
@click.argument("which", metavar="[ID]", default="latest")
@click.option("--list", "as_list", is_flag=True, help="List all reports, the newest first.")
@click.option("--open", "in_editor", is_flag=True, help="Open it in $VISUAL or $EDITOR.")
@click.option("--json", "as_json", is_flag=True, help="For programs: the heads, with --list or of one.")
@click.pass_obj
def report(
    flags: dict[str, object] | None, which: str, as_list: bool, in_editor: bool, as_json: bool
) -> None:
    """Print a report: its ID, the end of it, or `latest`. Exit 4 when there is none."""
    setup = set_up(flags)
    reports = SessionReports(setup.claude_dirs[0])
    try:
        heads = reports.heads() if as_list or which == "latest" else []
        if as_list:
            click.echo(_json(heads) if as_json else "\n".join(_rows(heads, face_of(setup))) or NONE_YET)
            return
        if which == "latest" and not heads:
            fail(NONE_YET, EXIT_UNKNOWN)
        report_id = heads[0].id if which == "latest" else reports.find(which)
        if in_editor:
            path = reports.path(report_id)
            open_editor(path)
            click.echo(str(path))
        elif as_json:
            click.echo(_json(reports.head(report_id)))
        else:
            click.echo(reports.text(report_id), nl=False)
    except ReportError as error:
        fail(str(error), EXIT_UNKNOWN)
    except (StoreError, NoEditor) as error:
        fail(str(error), EXIT_DATA)


def _rows(heads: Sequence[Head], face: Face) -> list[str]:
    now = utc_now()
    rows = []
    for head in heads:
        at = moment(head.start, now, face) if head.start else ""
        took = f"{tokens(head.tokens)}" if head.tokens is not None else ""
        percent = f"{head.percent:.0f} % of ≈{tokens(head.estimated_tokens or 0)}" if head.percent else ""
        said = f"{head.id}  {at:<12}  {took:>6}  {percent:<16}  {clean(head.rating, face):<13}"
        rows.append(in_face(f"{said}  {clean(head.title, face) or '(no title)'}", face).rstrip())
    return rows


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()
