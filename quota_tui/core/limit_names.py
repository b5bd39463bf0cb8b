"""Which window a limit's machine name means ("five_hour", "seven_day_opus", ...)."""

from __future__ import annotations

from quota_tui.core.readings import WindowKind

_PLAIN = {
    "five_hour": WindowKind.FIVE_HOUR,
    "session": WindowKind.FIVE_HOUR,
    "seven_day": WindowKind.WEEKLY,
    "weekly": WindowKind.WEEKLY,
    "weekly_all": WindowKind.WEEKLY,
    "overage": WindowKind.OVERAGE,
}
# Weekly windows of other products or of groups, not of a model.
_NOT_MODELS = frozenset({"oauth", "overage", "all", "scoped", "cowork", "omelette"})


def window_of(name: str) -> tuple[WindowKind, str] | None:
    """`(kind, model)` of a limit's name as the client writes it; None for a name we do not know.

    `seven_day_<word>` is a model's weekly window, so that a model that does not exist yet is read too.
    """
    if name in _PLAIN:
        return _PLAIN[name], ""
    if name.startswith("seven_day_"):
        rest = name.removeprefix("seven_day_")
        word = rest.split("_", 1)[0].lower()
        if word.isalpha() and word not in _NOT_MODELS:
            return WindowKind.WEEKLY_MODEL, word
    return None


def model_family(name: str) -> str:
    """The family word in lower case: "Fable" and "Claude Fable 5" are "fable"; empty if there is none."""
    for word in name.lower().replace("-", " ").replace("_", " ").split():
        if word.isalpha() and word != "claude":
            return word
    return ""
