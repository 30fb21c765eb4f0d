"""Settings a policy.toml may hold, and the errors for settings it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.policy import Policy, PolicyError, read_policy


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        b"\xff\xfe",
        "horizon_day = 90",
        'time_zone = "Mars/Olympus"',
        "time_zone = 5",
        "horizon_days = -1",
        "horizon_days = 90.5",
        "active_days = 99999999999",
        "lines_per_manager = 0",
        "lines_per_manager = true",
        "key_enter_share = nan",
        "key_leave_share = 0.2",
        "company_gap_weight = -5",
        "cost_cover_share = inf",
        "at_risk_least_chance = nan",
    ],
)
def test_a_setting_that_cannot_hold_is_one_sentence_and_a_hint(text: str | bytes, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert caught.value.sentence.endswith(".") and caught.value.hint


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("horizon_days = '90'", "sets horizon_days to '90'. It takes an integer."),
        ("fading_share = true", "sets fading_share to True. It takes a number."),
        ("non_product_codes = 'POST'", "sets non_product_codes to 'POST'. It takes a list of strings."),
        ("non_product_codes = ['POST', 7]", "sets non_product_codes.1 to 7. It takes a string."),
    ],
)
def test_a_setting_of_the_wrong_type_says_which_type_it_takes(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(PolicyError) as caught:
        read_policy(path)
    assert str(caught.value) == f"{path} {sentence}"


def test_a_policy_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        read_policy(tmp_path)


def test_without_a_file_and_after_a_byte_order_mark_settings_hold(tmp_path: Path) -> None:
    assert read_policy(tmp_path / "policy.toml") == Policy()
    (tmp_path / "policy.toml").write_text("\ufeffhorizon_days = 60\n", encoding="utf-8")
    assert read_policy(tmp_path / "policy.toml").horizon_days == 60
