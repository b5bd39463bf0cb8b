from __future__ import annotations

import base64
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.counting import prior
from quota_tui.core.tokenbound import tokens_at_most
from quota_tui.sources.tokenizer import raw_count

ROOT = Path(__file__).parents[2]
RANDOM = random.Random(7)
TEXTS = {
    "readme": (ROOT / "README.md").read_text(encoding="utf-8"),
    "code": (ROOT / "quota_tui/core/quota.py").read_text(encoding="utf-8"),
    "toml": (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
    "paths": "\n".join(str(path.relative_to(ROOT)) for path in sorted((ROOT / "tests").rglob("*.py"))),
    "hashes": "\n".join(RANDOM.randbytes(20).hex() for _ in range(40)),
    "base64": base64.b64encode(RANDOM.randbytes(3000)).decode(),
    "numbers": " ".join(str(RANDOM.randrange(10 ** RANDOM.randrange(1, 12))) for _ in range(300)),
    "chinese": "认证接口已完成，下一步是把刷新令牌接入用户端点。失败的尝试：会话存储。" * 20,
    "japanese": "認証エンドポイントを追加しました。次はリフレッシュトークンを実装します。" * 20,
    "korean": "인증 엔드포인트를 추가했습니다. 다음 세션에서는 갱신 토큰을 구현합니다." * 20,
    "russian": "Добавлена проверка подлинности; следующий шаг: обновление токенов." * 20,
    "arabic": "تمت إضافة نقاط المصادقة. الخطوة التالية هي تحديث الرموز المميزة." * 20,
    "german": "Die Authentifizierungsschnittstelle wurde hinzugefügt; als nächstes die Token. " * 20,
    "emoji": "😀🎉🚀✅" * 100,
    "signs": "{}[]()<>=+-*/%&|^~!?.,;:#@$\\\"'`_" * 30,
}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("model", ["claude-opus-5-5", "claude-sonnet-4-5"])
def test_it_is_not_less_than_the_count_of_any_model(name: str, model: str) -> None:
    """Against the top of the range of the counter; 3 % less on noise without any words is not seen as less."""
    text = TEXTS[name]
    high = prior(model).estimate(raw_count(text)).high
    assert tokens_at_most(text) >= 0.97 * high
    for at in range(0, len(text) - 400, 400):
        piece = text[at : at + 400]
        assert tokens_at_most(piece) >= 0.93 * prior(model).estimate(raw_count(piece)).high


@pytest.mark.parametrize("name", ["readme", "code", "toml", "paths"])
def test_it_does_not_waste_much_of_the_budget(name: str) -> None:
    high = prior("claude-opus-5-5").estimate(raw_count(TEXTS[name])).high
    assert tokens_at_most(TEXTS[name]) <= 1.4 * high


@given(one=st.text(max_size=80), other=st.text(max_size=80))
def test_more_text_never_takes_less(one: str, other: str) -> None:
    assert 0 <= tokens_at_most(one) <= tokens_at_most(f"{one}\n{other}")
    assert tokens_at_most(f"{one}\n{other}") <= tokens_at_most(one + "\n") + tokens_at_most(other) + 1
