"""The editor that opens on one spot of the form: Textual's text area, for any text of moderate length."""

from __future__ import annotations

from typing import Protocol

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.widgets import TextArea

from quota_tui.ui.plan.holding import DOT, Holder

MOST_CHARS = 32_000
"""Longer texts would take more than a blink per key (measured); they are shown and kept, not edited."""
_LEAVES = {"escape": "stay", "tab": "forward", "shift+tab": "back"}
_EDITING = {
    key: each.action for each in TextArea.BINDINGS if isinstance(each, Binding) for key in each.key.split(",")
}
"""What the keys of a text area do."""
_NEW_LINE = frozenset({"ctrl+j", "shift+enter", "alt+enter"})


def pasted(text: str) -> str:
    """What was pasted, as it was copied: terminals send line ends as carriage returns."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_mark(char: str | None) -> bool:
    return char is not None and not char.isprintable() and char > "\x9f"


class Owner(Protocol):
    """Is told at once, not by messages: the next key must find the form as the last one left it."""

    def typed(self, text: str) -> None:
        """The editor's text is now this one."""
        ...

    def left(self, to: str, text: str) -> None:
        """The person is done; they go "stay", "enter", "forward", "back", "up" or "down" from here."""
        ...

    def too_long(self, text: str) -> None:
        """So much was pasted that it goes past the editor: all of the text, as if it had been typed."""
        ...


class FieldEditor(TextArea):
    """Edits one text. Enter is done, ctrl+j a new line; in a text of `many_lines` enter is a new line."""

    def __init__(self, owner: Owner) -> None:
        super().__init__(id="plan-editor", compact=True, highlight_cursor_line=False)
        self.cursor_blink = False
        self.match_cursor_bracket = False
        self.many_lines = self.is_open = self.ascii_only = False
        self.display = self.can_focus = False
        self._owner = owner
        self._holder = Holder("")
        self._opened_with: str | None = ""
        self._wrapped_at = 0

    def open(self, text: str, *, many_lines: bool) -> None:
        """Begin with this text, the cursor at its end."""
        self._holder = Holder(text, "?" if self.ascii_only else DOT)
        self.many_lines = many_lines
        self.is_open = self.display = self.has_focus = True
        held = self._opened_with = self._holder.hold(text)
        self.load_text(held)
        self._wrapped_at = 0
        self.move_cursor(self.document.end)

    def close(self) -> None:
        """Take nothing more."""
        self.is_open = self.display = self.has_focus = False

    @property
    def meant(self) -> str:
        """The text as the person means it."""
        return self._holder.release(self.text)

    def rows_at(self, width: int) -> int:
        """Rows on which all of the text is in view at this width."""
        room = max(1, width - 1)  # the cursor may stand behind the last character
        if room not in {self.wrap_width, self._wrapped_at}:
            self._wrapped_at = room
            self.wrapped_document.wrap(room, tab_width=self.indent_width)
        return max(1, self.wrapped_document.height)

    def get_line(self, line_index: int) -> Text:
        return Text(self._holder.shown(self.document.get_line(line_index)), end="", no_wrap=True)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """Pass on what was typed, but not the text the editor was opened with."""
        event.stop()
        if self.is_open and self.text != self._opened_with:
            self._opened_with = None
            self._owner.typed(self.meant)

    async def press(self, event: events.Key) -> bool:
        """Take a key; whether it meant something here.

        The screen hands keys on one by one. Had the editor the focus, keys that come in a burst would wait
        in two queues while it opens, and be taken in another order than they were typed in.
        """
        leaves = self._leaves_by(event)
        if leaves:
            self._owner.left(leaves, self.meant)
        elif event.key in _NEW_LINE or event.key == "enter":
            self.insert_held("\n")
        elif event.is_printable or _is_mark(event.character):
            # Joiners and marks: a terminal may send them as keys of their own.
            self.insert_held(event.character or "")
        elif event.key in _EDITING:
            await self.run_action(_EDITING[event.key])
        else:
            return False
        return True

    def _leaves_by(self, event: events.Key) -> str:
        if event.key in _LEAVES:
            return _LEAVES[event.key]
        if event.key == "enter" and not self.many_lines:
            return "enter"
        at = self.selection.end
        if event.key == "up" and self.navigator.is_first_wrapped_line(at):
            return "up"
        if event.key == "down" and self.navigator.is_last_wrapped_line(at):
            return "down"
        return ""

    def take_paste(self, text: str) -> None:
        """Insert what was pasted; what is too long for an editor is passed on whole."""
        if len(text) + len(self.text) <= MOST_CHARS:
            self.insert_held(text)
            return
        start, end = sorted(self.selection)
        before = self.get_text_range((0, 0), start)
        after = self.get_text_range(end, self.document.end)
        release = self._holder.release
        self._owner.too_long(release(before) + text + release(after))

    def insert_held(self, text: str) -> None:
        """Insert as if typed."""
        result = self.replace(self._holder.hold(text), *self.selection, maintain_selection_offset=False)
        self.move_cursor(result.end_location)

    def action_copy(self) -> None:
        """Copy what is meant, not the stand-ins."""
        if self.selected_text:
            self._to_clipboard(self.selected_text)

    def action_cut(self) -> None:
        """Cut what is selected; the line without a selection."""
        if self.selection.is_empty:
            self.select_line(self.selection.end[0])
        cut = self._delete_via_keyboard(*self.selection)
        if cut is not None:
            self._to_clipboard(cut.replaced_text)

    def action_paste(self) -> None:
        """Paste what was copied in the program itself."""
        self.take_paste(self.app.clipboard)

    def _to_clipboard(self, held: str) -> None:
        text = self._holder.release(held)
        self.app.copy_to_clipboard(text.encode("utf-8", "replace").decode())
