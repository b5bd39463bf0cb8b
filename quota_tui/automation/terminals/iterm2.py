"""iTerm2: the command runs in place of a shell. https://iterm2.com/documentation-scripting.html"""

from __future__ import annotations

from quota_tui.automation.terminals.macos import ScriptedTerminal


class ITerm2(ScriptedTerminal):
    name = "iterm2"
    title = "iTerm2"
    bundles = ("iTerm.app", "iTerm2.app")
    script = """\
on run argv
    set commandLine to ""
    repeat with i from 2 to count of argv
        if i > 2 then set commandLine to commandLine & " "
        set commandLine to commandLine & quoted form of (item i of argv)
    end repeat
    tell application id "com.googlecode.iterm2"
        set newWindow to (create window with default profile command commandLine)
        tell current session of newWindow to set name to (item 1 of argv)
        activate
    end tell
end run
"""
    rehearsal = """\
on run argv
    tell application id "com.googlecode.iterm2" to count windows
end run
"""
