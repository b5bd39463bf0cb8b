"""What is masked, what is not, and that it is said. None of these keys is real."""

from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quota_tui.core.handoff import Handoff, Objective, Section, State
from quota_tui.core.secrets import find, mask, mask_handoff, masked_words
from tests.core.hostile import handoffs, texts

A36 = "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cD1fG3hJ5"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1g"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA75k\nq83vEjRWeJCrze8SNFZ4kK\n-----END RSA PRIVATE KEY-----"

SECRETS = [
    ("AKIA" + "IOSFODNN7EXAMPLE", "AWS key"),
    ("ghp_" + A36, "GitHub token"),
    ("github_pat_" + A36, "GitHub token"),
    ("glpat-" + A36[:20], "GitLab token"),
    ("xoxb" + "-123456789012-abcdefGHIJKL", "Slack token"),
    ("sk-ant-api03-" + A36, "Anthropic key"),
    ("sk-proj-" + A36, "API key"),
    ("sk-" + A36, "API key"),
    ("sk_live_" + A36[:24], "Stripe key"),
    ("AIza" + A36[:35], "Google key"),
    ("npm_" + A36, "npm token"),
    ("pypi-AgEI" + A36 * 2, "PyPI token"),
    ("hf_" + A36[:34], "Hugging Face token"),
    ("SG." + A36[:22] + "." + A36, "SendGrid key"),
    ("123456789:AA" + A36[:33], "Telegram token"),
    (JWT, "JWT"),
    (PEM, "private key"),
]


@pytest.mark.parametrize(("secret", "kind"), SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "use {} for it", '"{}"', "(`{}`)", "KEY={}", "see\n{}\nthere", "日本{}."]
)
def test_shapes_are_masked_wherever_they_stand(secret: str, kind: str, around: str) -> None:
    safe, kinds = mask(around.format(secret))
    assert safe == around.format(f"[masked: {kind}]")
    assert kinds == (kind,)


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (
            "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        ),
        ("export API_KEY=a8f5f167f44f4964e6c998dee827110c", "a8f5f167f44f4964e6c998dee827110c"),
        ('"apiKey": "Zm9vYmFyMTIzNDU2Nzg5MA"', "Zm9vYmFyMTIzNDU2Nzg5MA"),
        ("client_secret: 'q8Zr-T4u1_pL0'", "q8Zr-T4u1_pL0"),
        ("SECRET_KEY_BASE=f00dfeedf00d1234beef5678cafe9abc", "f00dfeedf00d1234beef5678cafe9abc"),
        ("token := q7Zp3Lx9Rw2K", "q7Zp3Lx9Rw2K"),
        ("DB_PASSWORD=correcthorse", "correcthorse"),
        ("password: hunter2!", "hunter2!"),
        ('password="p@ss(w)0rd"', "p@ss(w)0rd"),
        ("the key is DEPLOY_KEY=Q7zp3Lx9Rw2KvB5nM8cT, keep it", "Q7zp3Lx9Rw2KvB5nM8cT"),
        ("Authorization: Bearer q7Zp3Lx9Rw2KvB5n", "q7Zp3Lx9Rw2KvB5n"),
        ("Authorization: Token 9944b09199c62bcf9418ad846dd0e4bb", "9944b09199c62bcf9418ad846dd0e4bb"),
        ("-H 'authorization: Basic " + base64.b64encode(b"ann:sesame").decode() + "'", "YW5uOnNlc2FtZQ=="),
        ("curl -s -u ann:sesame https://x.test", "sesame"),
        ("deploy --password s3same! --now", "s3same!"),
        ("postgres://ann:open_sesame@db:5432/x", "open_sesame"),
        ("redis://:open1@cache", "open1"),
    ],
)
def test_named_values_are_masked(text: str, hidden: str) -> None:
    safe, kinds = mask(text)
    assert len(kinds) == 1
    assert safe == text.replace(hidden, f"[masked: {kinds[0]}]")


@pytest.mark.parametrize(
    "text",
    [
        "4f2c1e0",
        "commit 4f2c1e09d3b27c5a8f1e6d4c3b2a190807060504 fixes it",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "session 0748c499-0eb6-45f2-ab18-2e548b2d1d30 ended",
        "cache_key=4f2c1e09d3b27c5a8f1e6d4c3b2a190807060504",
        "key: 0748c499-0eb6-45f2-ab18-2e548b2d1d30",
        "/home/dev/.ssh/id_ed25519",
        "PWD=/home/dev/api2/src",
        "private_key=/etc/ssl/server1.pem",
        "token: tests/fixtures/token1.json",
        "src/core/secrets.py:120 handles the token and the password",
        "Refresh tokens: 18,000 tokens, 15 % of 200000",
        "max_tokens=200000 next_tokens: 18000",
        "token: refresh, secret: see the vault, password: required",
        "The password must have 8 characters; password = read_password(1)",
        "api_key = os.environ['API_KEY_2']",
        "api_key: process.env.API_KEY2",
        "API_KEY=$OTHER_KEY_1 TOKEN=${TOKEN_2} PASSWORD=<yours-123>",
        "token = get_token(user1)",
        "tokenizer: cl100k_base, monkey=banana42xyz, keyboard: qwerty123",
        "primary_key=user_id foreign_key=order_item_id2",
        "Bearer authentication is next; Basic understanding helps; Token 4f2c1e09d3b2",
        "git push -u origin:main2 && docker run --user 1000:1000 x",
        "--token authentication is missing",
        "http://localhost:8080/@scope/pkg and git@github.com:dev/api.git and ssh://git@host:22/x",
        "sk-learn-is-a-long-kebab-word and task-force-one-hundred-and-twenty-two",
        "eyJust a word.eyJust.another",
        "-----BEGIN CERTIFICATE-----",
        "npm_config_registry hf_hub_download glpat is a prefix xox",
        "[masked: AWS key]",
        "API_KEY=[masked: API key]",
        "if token == expected1234: pass",
        "JWT instead of sessions: stateless API",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert mask(text) == (text, ())


def test_a_private_key_without_its_end_is_masked_as_far_as_it_goes() -> None:
    body = "-----BEGIN PRIVATE KEY-----\n" + "\n".join(["MIIEpAIBAAKCAQEA75kq83vEjRWe"] * 3)
    assert mask(f"a\n{body}\nthen prose")[0] == "a\n[masked: private key]\nthen prose"
    assert mask("-----BEGIN PRIVATE KEY-----")[0] == "[masked: private key]"


def test_every_field_is_masked_and_named() -> None:
    key = "ghp_" + A36
    full = Handoff(
        title=key,
        accomplished=("a", key),
        state=State(branch=key, last_commit=key, tests=key, files_modified=(key,), other=(key,)),
        objectives=(Objective(key, 5, steps=("b", f"{key} {JWT}")),),
        decisions=(key,),
        failed=(key,),
        blockers=(key,),
        files=(key,),
        commands=(f"curl -H 'Authorization: Bearer {key}'",),
        instructions=key,
        extra_front=(("note", key),),
        extra_sections=(Section(key, key),),
    )
    safe, masked = mask_handoff(full)
    assert key not in repr(safe)
    assert JWT not in repr(safe)
    assert safe.objectives[0].tokens == 5
    fields = {item.field: len(item.kinds) for item in masked}
    assert fields["accomplished[1]"] == 1
    assert fields["objectives[0].steps[1]"] == 2
    assert {"title", "state.branch", "commands[0]", "instructions", "front.note", "section 1"} <= set(fields)
    assert len(masked) == 18
    assert masked_words(masked[:1]) == "masked 1 secret: GitHub token in title"
    assert masked_words(masked).startswith("masked 19 secrets: GitHub token in ")
    assert masked_words(()) == ""
    assert mask_handoff(safe) == (safe, ())


@given(texts())
def test_masking_once_is_enough_and_never_fails(text: str) -> None:
    once, kinds = mask(text)
    assert bool(kinds) == bool(find(text))
    assert mask(once)[0] == once or len(mask(once)[1]) <= len(kinds)


@given(st.sampled_from(SECRETS), texts(), texts())
def test_a_secret_is_found_between_any_texts(secret: tuple[str, str], before: str, after: str) -> None:
    assert secret[0] not in mask(f"{before} {secret[0]} {after}")[0]


@given(handoffs)
def test_a_handoff_keeps_its_shape(handoff: Handoff) -> None:
    safe, _ = mask_handoff(handoff)
    assert [len(safe.accomplished), len(safe.objectives)] == [
        len(handoff.accomplished),
        len(handoff.objectives),
    ]
    assert (safe.id, safe.start, safe.created_at) == (handoff.id, handoff.start, handoff.created_at)


HEAVY = (
    "key", "key=", "sk-", "eyJ", "eyJaaaaaaaa.", "://a:", "curl -u ", " ", "a", "Bearer ", "-", "xoxb-", "1", "-eyJ",
    "a.b-c_d=", '"token": "', "-----BEGIN PRIVATE KEY-----\n", "-----BEGIN PRIVATE KEY-----\n-----END x-----\n",
    "curl a ", "password=a1b2c3d4 ", "gl", "ghp_", "AKIA", "Basic ", "--token x1234567 ",
)  # fmt: skip


@pytest.mark.parametrize("unit", HEAVY)
def test_a_megabyte_of_anything_takes_seconds_at_most(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begin = time.process_time()
    count = len(find(text))
    assert time.process_time() - begin < 5
    assert count <= len(text)
