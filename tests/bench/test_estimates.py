"""What the evaluation must show: it is quick enough to be run with the other tests."""

from __future__ import annotations

from statistics import median

import pytest
from msgspec.structs import asdict

from quota_tui.core.estimating.prior import SHIPPED
from quota_tui.core.estimating.subject import PastSession
from tests.bench import estimates
from tests.bench.estimate_data import MARKS, progress, sessions, steps_of
from tests.bench.estimate_fit import early, fit, fit_progress
from tests.bench.estimates import OURS, PUBLISHED, PUBLISHED_HOUR, Case, Score, score


@pytest.fixture(scope="module")
def past() -> list[PastSession]:
    return sessions()


@pytest.fixture(scope="module")
def judged(past: list[PastSession]) -> list[Case]:
    return estimates.cases(past)


def by(method: str, of: list[Case]) -> Score:
    return score([(case.said[method], case.session.tokens) for case in of])


def test_the_data_are_whole(past: list[PastSession]) -> None:
    assert (len(past), sum(each.subject is not None for each in past)) == (273, 49)
    calls = sum(step.calls for steps in steps_of().values() for step in steps)
    assert calls == 19_207
    tokens = {int(each.id): each.tokens for each in past}
    assert all(0 < point.spent <= tokens[point.session] for point in progress())


@pytest.mark.parametrize("planned", [True, False])
def test_ours_is_better_than_the_baselines_and_holds_its_coverage(judged: list[Case], planned: bool) -> None:
    some = [case for case in judged if case.session.subject] if planned else judged
    ours = by(OURS, some)
    assert ours.covered_pct is not None
    assert 75 <= ours.covered_pct <= 87
    for method in (estimates.MEDIAN, estimates.KIND, PUBLISHED, PUBLISHED_HOUR):
        assert ours.mdape_pct < by(method, some).mdape_pct


def test_phases_done_narrow_the_estimate_and_better_it(judged: list[Case]) -> None:
    points = estimates.updates([case for case in judged if case.session.subject], with_phases=True)
    scores = [
        score([(point.total, point.tokens) for point in points if point.at == at])
        for at in dict.fromkeys(point.at for point in points)
    ]
    assert len(scores) == 1 + len(MARKS)
    widths = [found.width or 0 for found in scores]
    assert widths == sorted(widths, reverse=True)
    assert scores[-1].mdape_pct < scores[0].mdape_pct / 1.5
    # 47 sessions: a true 80 % shows as 68 to 91 %.
    assert all(68 <= (found.covered_pct or 0) <= 92 for found in scores)


def test_no_later_session_changes_an_estimate(past: list[PastSession], judged: list[Case]) -> None:
    alone = estimates.cases(past[:60])
    assert [case.said for case in alone] == [case.said for case in judged[: len(alone)]]


def test_the_shipped_numbers_are_the_fitted_ones() -> None:
    some = early()
    fitted = asdict(fit(some))
    fitted["start_share"], fitted["progress_noise"] = fit_progress(some, progress())
    prices = fitted.pop("log_usd_per_token")
    shipped = asdict(SHIPPED)
    kept = shipped.pop("log_usd_per_token")
    assert fitted == pytest.approx(shipped, abs=0.0006)
    assert {family: kept[family] for family in prices} == pytest.approx(prices, abs=0.006)


def test_filling_placeholders_adds_tokens_and_takes_none(past: list[PastSession]) -> None:
    more = estimates.filled(past, 250)
    grown = [after.tokens / before.tokens for before, after in zip(past, more, strict=True)]
    assert min(grown) == 1
    assert 1 < median(grown) < 1.2
    assert [each.tokens for each in estimates.filled(past, 0)] == [each.tokens for each in past]


def test_the_tables_are_printed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    few = sessions()[:80]
    monkeypatch.setattr(estimates, "sessions", lambda: few)
    assert estimates.main([]) == 0
    shown = capsys.readouterr().out
    assert "ours, first use" in shown
    assert "75 %" in shown
    assert estimates.main(["--fill", "250"]) == 0
