"""Settings: what they refuse, and how they say so."""

from __future__ import annotations

from pathlib import Path

import pytest

from emovec_db.errors import SettingsError
from emovec_db.settings import read_settings


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_defaults_fit_a_laptop() -> None:
    settings = read_settings()
    assert settings.is_loopback
    assert settings.port == 7860
    assert settings.resolved_database_url.startswith("sqlite:////")
    assert settings.resolved_database_url.endswith("/emovec-data/emovec.db")


def test_environment_over_dotenv_over_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("EMOVEC_PORT=8001\nEMOVEC_TIMEZONE=Asia/Shanghai\nOTHER=1\n")
    assert read_settings().port == 8001
    monkeypatch.setenv("EMOVEC_PORT", "8002")
    settings = read_settings()
    assert (settings.port, settings.timezone) == (8002, "Asia/Shanghai")
    assert read_settings(port=8003).port == 8003


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("EMOVEC_PORT", "http", "EMOVEC_PORT: .*valid integer"),
        ("EMOVEC_PORT", "70000", "EMOVEC_PORT: .*less than or equal to 65535"),
        ("EMOVEC_TRUSTED_PROXIES", "-1", "EMOVEC_TRUSTED_PROXIES: .*greater than or equal to 0"),
        ("EMOVEC_TIMEZONE", "Mars/Olympus", "no IANA time zone such as Europe/Berlin"),
        ("EMOVEC_PRECISION", "fp16", "EMOVEC_PRECISION: .*'fp32', 'bf16', 'int8' or 'int8-onnx'"),
        ("EMOVEC_DEVICE", "gpu", "EMOVEC_DEVICE: .*'gpu' is no device: expected auto, cpu, cuda, cuda:1"),
        ("EMOVEC_DEVICE", "cpu:1", "no device"),
        ("EMOVEC_API_KEY", "short", "at least 16 characters"),
        ("EMOVEC_DATA_DIR", "what?", "question mark"),
        ("EMOVEC_API_KYE", "a" * 32, "EMOVEC_API_KYE is no setting: did you mean EMOVEC_API_KEY?"),
        ("EMOVEC_FROBNICATE", "1", "no setting"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said):
        read_settings()


def test_the_key_never_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOVEC_API_KEY", "correct-horse-battery-staple")
    assert "correct-horse" not in repr(read_settings())
    monkeypatch.setenv("EMOVEC_API_KEY", "hunter2")
    with pytest.raises(SettingsError) as caught:
        read_settings()
    assert "hunter2" not in str(caught.value)


def test_an_empty_key_is_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOVEC_API_KEY", "")
    assert read_settings().api_key is None
