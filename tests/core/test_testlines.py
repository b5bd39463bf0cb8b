"""Summaries of real test runners, and what is none."""

from __future__ import annotations

import time

import pytest

from quota_tui.core.testlines import only_shows, summary


@pytest.mark.parametrize(
    ("command", "output", "text", "passed"),
    [
        ("pytest -q", ".   [100%]\n1 passed in 0.57s", "1 passed in 0.57s", True),
        ("uv run pytest", "\x1b[31m=== \x1b[1m1 failed\x1b[0m, 14 passed, 2 skipped in 3.1s ===\x1b[0m\n", "1 failed, 14 passed, 2 skipped in 3.1s", False),
        ("pytest", "== 3 passed, 1 warning in 61.02s (0:01:01) ==", "3 passed, 1 warning in 61.02s (0:01:01)", True),
        ("pytest", "=== 2 errors in 0.1s ===", "2 errors in 0.1s", False),
        ("pytest x; pytest y", "= 1 failed in 0.1s =\nmore\n= 5 passed in 0.2s =", "5 passed in 0.2s", True),
        ("python -m unittest", "....\n-----\nRan 4 tests in 0.01s\n\nOK (skipped=1)\n", "Ran 4 tests in 0.01s: OK (skipped=1)", True),
        ("./manage.py test", "Ran 4 tests in 0.01s\n\nFAILED (failures=1)\n", "Ran 4 tests in 0.01s: FAILED (failures=1)", False),
        ("npm test", "Test Suites: 1 failed, 2 total\nTests:       1 failed, 14 passed, 15 total\nTime: 2 s", "Tests: 1 failed, 14 passed, 15 total", False),
        ("npx jest", "Tests:       15 passed, 15 total", "Tests: 15 passed, 15 total", True),
        ("npx vitest run", " Test Files  1 passed (1)\n      Tests  15 passed (15)\n   Start at 1", "Tests 15 passed (15)", True),
        ("npx vitest run", "      Tests  1 failed | 14 passed | 2 skipped (17)", "Tests 1 failed | 14 passed | 2 skipped (17)", False),
        ("npx mocha", "  15 passing (30ms)\n", "15 passing (30ms)", True),
        ("npx mocha", "  14 passing (30ms)\n  1 pending\n  2 failing\n\n  1) x", "14 passing (30ms), 2 failing", False),
        ("node --test", "# tests 15\n# suites 2\n# pass 14\n# fail 1\n# cancelled 0", "15 tests, 14 passed, 1 failed", False),
        ("bun test", " 15 pass\n 0 fail\n 30 expect() calls", "15 pass, 0 fail", True),
        ("deno test", "ok | 15 passed | 0 failed (10ms)", "ok | 15 passed | 0 failed (10ms)", True),
        ("go test ./...", "ok  \tx.test/a\t0.01s\nok  \tx.test/b\t(cached)\n", "2 packages ok", True),
        ("go test ./...", "ok  \tx.test/a\t0.01s\n--- FAIL: T\nFAIL\nFAIL\tx.test/b\t0.02s\nFAIL\n", "1 package ok, 1 failed", False),
        ("cargo test", "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured\n\ntest result: ok. 0 passed; 0 failed; 0 ignored;", "5 passed; 0 failed", True),
        ("cargo test", "test result: FAILED. 4 passed; 1 failed; 0 ignored;\ntest result: ok. 2 passed; 0 failed; x", "6 passed; 1 failed", False),
        ("cargo nextest run", "     Summary [   0.1s] 12 tests run: 11 passed, 1 failed, 0 skipped", "12 tests run: 11 passed, 1 failed, 0 skipped", False),
        ("bundle exec rspec", "15 examples, 0 failures, 1 pending", "15 examples, 0 failures, 1 pending", True),
        ("mix test", "15 tests, 1 failure", "15 tests, 1 failure", False),
        ("rails test", "15 runs, 30 assertions, 0 failures, 2 errors, 0 skips", "15 runs, 30 assertions, 0 failures, 2 errors, 0 skips", False),
        ("vendor/bin/phpunit", "OK (15 tests, 30 assertions)", "OK (15 tests, 30 assertions)", True),
        ("vendor/bin/phpunit", "Tests: 15, Assertions: 30, Failures: 1.", "Tests: 15, Assertions: 30, Failures: 1.", False),
        ("mvn -q test", "[INFO] Tests run: 3, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 1 s\n[INFO] Tests run: 15, Failures: 0, Errors: 0, Skipped: 0", "Tests run: 15, Failures: 0, Errors: 0, Skipped: 0", True),
        ("./gradlew test", "15 tests completed, 1 failed", "15 tests completed, 1 failed", False),
        ("dotnet test", "Passed!  - Failed:     0, Passed:    15, Skipped:     0, Total:    15, Duration: 5 ms - x.dll", "Passed! - Failed: 0, Passed: 15, Skipped: 0, Total: 15", True),
        ("dotnet test", "Failed!  - Failed:     1, Passed:    14, Skipped:     0, Total:    15, Duration", "Failed! - Failed: 1, Passed: 14, Skipped: 0, Total: 15", False),
        ("ctest", "100% tests passed, 0 tests failed out of 15", "100% tests passed, 0 tests failed out of 15", True),
        ("swift test", "\t Executed 15 tests, with 1 failure (0 unexpected) in 0.1 s", "Executed 15 tests, with 1 failure", False),
        ("npx playwright test", "  15 passed (3.2s)\n", "15 passed (3.2s)", True),
        ("cd api && FOO=1 sudo make check 2>&1 | tail -5", "15 passed in 1s\r\n", "15 passed in 1s", True),
    ],
)  # fmt: skip
def test_summaries(command: str, output: str, text: str, passed: bool) -> None:
    found = summary(command, output)
    assert found is not None
    assert (found.text, found.passed) == (text, passed)


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("cat test.log", "1 passed in 0.57s"),
        ("cd x && git log -3 | head", "15 examples, 0 failures"),
        ("grep passed ci.log; echo done", "1 passed in 0.57s"),
        ("pytest", "collected 5 items"),
        ("pytest", ""),
        ("pytest", "it passed in 5s\nall 5 passed in review\n1 passed in 0.57s, they say"),
        ("./run", "Tests: all green\nok then\nFAIL\nOK\nRan 5 miles"),
        ("npm run build", "15 modules transformed (3.2s)"),
    ],
)
def test_what_is_no_summary(command: str, output: str) -> None:
    assert summary(command, output) is None


def test_what_only_shows() -> None:
    assert only_shows("cat a | grep b && cd /x; ls")
    assert only_shows("")
    assert only_shows("FOO=1 /usr/bin/git log")
    assert not only_shows("cat a && ./test.sh")
    assert not only_shows("timeout 5 pytest | tail")


@pytest.mark.parametrize(
    "unit", ["\n", " ", "=", "1 passed, ", "Tests: 1 passed, ", "ok  a  1s\n", "Tests  1 a | ", "\x1b["]
)
def test_a_megabyte_of_output_takes_no_time(unit: str) -> None:
    begin = time.process_time()
    summary("make", unit * ((1 << 20) // len(unit)))
    assert time.process_time() - begin < 2
