from __future__ import annotations

import socket
import sys

import pytest

from quota_tui.automation.terminals.display import (
    answers,
    display_obstacle,
    for_window,
    session_bus_answers,
)


def test_without_a_display_nothing_can_be_opened():
    assert "no graphical session" in display_obstacle({}, "linux")
    assert display_obstacle({}, "darwin") == display_obstacle({}, "win32") == ""


def test_a_display_whose_server_is_gone_does_not_count(listening, sockets):
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(sockets / "wayland-1"))
    dead.close()  # its file stays
    for name in ("wayland-1", "wayland-2"):
        env = {"WAYLAND_DISPLAY": name, "XDG_RUNTIME_DIR": str(sockets)}
        assert "nothing answers" in display_obstacle(env, "linux")
    listening("wayland-0")
    assert display_obstacle({"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(sockets)}, "linux") == ""
    assert "nothing answers" in display_obstacle({"WAYLAND_DISPLAY": "wayland-0"}, "linux")


def test_a_forwarded_display_is_asked_on_this_machine_only():
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1] - 6000
        if number < 0:
            pytest.skip("the system gave a port below X11's")
        assert display_obstacle({"DISPLAY": f"localhost:{number}.0"}, "linux") == ""
    assert display_obstacle({"DISPLAY": f"localhost:{number}.0"}, "linux")
    for display in ("far.example:0", "localhost:99999", "nonsense", ":", "localhost:1:2"):
        assert "nothing answers at the display that DISPLAY names" in display_obstacle(
            {"DISPLAY": display}, "linux"
        )


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are Linux's")
def test_an_abstract_socket_counts():
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("\0quota-tui-test-of-displays")
        end.listen()
        assert answers("@quota-tui-test-of-displays")
    assert not answers("@quota-tui-test-of-displays")
    assert not answers("/" + "long" * 60)


def test_a_new_window_is_told_of_no_dead_display_and_no_multiplexer(listening, sockets):
    live = listening("wayland-0")
    env = {"WAYLAND_DISPLAY": live, "DISPLAY": "far:1", "TMUX": "/tmp/x,1,0", "STY": "1.x", "HOME": "/h"}
    assert for_window(env, "linux") == {"WAYLAND_DISPLAY": live, "HOME": "/h"}
    assert "WAYLAND_DISPLAY" not in for_window({**env, "WAYLAND_DISPLAY": str(sockets / "gone")}, "linux")
    assert for_window(env, "darwin") == {"WAYLAND_DISPLAY": live, "DISPLAY": "far:1", "HOME": "/h"}


def test_the_session_bus_must_answer(listening, sockets):
    assert not session_bus_answers({})
    assert not session_bus_answers({"XDG_RUNTIME_DIR": str(sockets)})
    path = listening("bus")
    assert session_bus_answers({"XDG_RUNTIME_DIR": str(sockets)})
    assert session_bus_answers({"DBUS_SESSION_BUS_ADDRESS": f"unix:path={path},guid=0f"})
    assert session_bus_answers({"DBUS_SESSION_BUS_ADDRESS": f"unix:path=/gone;unix:path={path}"})
    assert not session_bus_answers(
        {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/gone", "XDG_RUNTIME_DIR": str(sockets)}
    )
