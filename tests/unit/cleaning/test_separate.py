"""Vocal separation around Demucs: a stand-in shows what it gets, and what is missing is told."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from emovec_db.cleaning import separate
from emovec_db.cleaning.registry import newest_cleaning
from emovec_db.cleaning.separate import NETWORK, Separate
from emovec_db.domain.sound import Waveform
from emovec_db.errors import BadWeightsError, MissingPartError
from tests.sounds import tone


def test_what_comes_back_unchanged_is_the_sound() -> None:
    sound = tone(300, 130.0) + tone(2000, 130.0, level=0.2)
    same = Separate(lambda: lambda song: song).treat(sound)
    np.testing.assert_allclose(same[1000:-1000], sound[1000:-1000], atol=2e-3)


def test_demucs_gets_44_khz_of_one_level_a_minute_at_a_time() -> None:
    heard: list[Waveform] = []

    def vocals(song: Waveform) -> Waveform:
        heard.append(song)
        return np.zeros_like(song)

    silent = Separate(lambda: vocals).treat(tone(300, 130.0, level=0.01) + np.float32(0.1))
    np.testing.assert_array_equal(silent, np.zeros(130 * 16_000, np.float32))
    assert [len(song) / 44_100 for song in heard] == [64, 68, 14]
    assert all(song.dtype == np.float32 for song in heard)
    assert all(song.std() == pytest.approx(1, abs=0.01) for song in heard)
    assert all(abs(song.mean()) < 0.01 for song in heard)


class TestLoading:
    """Demucs's own modules are not installed here; what they are given is."""

    @pytest.fixture(autouse=True)
    def _anew(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        for cached in (separate.demucs, separate._weights_id):
            cached.cache_clear()
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    @pytest.fixture
    def installed(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[object, ...]]:
        """A Demucs that halves the mix for vocals, and what was asked of it."""
        asked: list[tuple[object, ...]] = []

        class Network(torch.nn.Module):
            sources = ("drums", "vocals")
            audio_channels = 2

        def load(path: Path) -> Network:
            asked.append(("load", path))
            return Network()

        def apply_model(network: Network, mix: torch.Tensor, **options: object) -> torch.Tensor:
            asked.append(("apply", tuple(mix.shape), options["shifts"], network.training))
            return torch.stack([torch.zeros_like(mix), mix / 2], dim=1)

        for name, content in (("demucs", {}), ("demucs.apply", {"apply_model": apply_model}),
                              ("demucs.hf", {"load_safetensors_model": load})):  # fmt: skip
            module = ModuleType(name)
            module.__dict__.update(content)
            monkeypatch.setitem(__import__("sys").modules, name, module)
        monkeypatch.setattr(separate, "find_spec", lambda _name: object())
        return asked

    @staticmethod
    def put(folder: Path, **metadata: str) -> Path:
        """A file of weights where the hub's client keeps it."""
        snapshot = folder / "hub" / "models--adefossez--HTDemucs" / "snapshots" / ("a" * 40)
        snapshot.mkdir(parents=True)
        (snapshot.parent.parent / "refs").mkdir()
        (snapshot.parent.parent / "refs" / "main").write_text("a" * 40)
        save_file({"w": torch.zeros(1)}, snapshot / separate.FILE, metadata=metadata)
        return snapshot / separate.FILE

    def test_without_demucs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(separate, "find_spec", lambda _name: None)
        with pytest.raises(MissingPartError, match=r"not installed: run pip install 'emovec-db\[songs\]', then hf"):
            newest_cleaning(["separate"])

    @pytest.mark.usefixtures("installed")
    def test_without_weights(self) -> None:
        for ask in (Separate().require, separate.demucs):
            with pytest.raises(MissingPartError, match=r"hf download adefossez/HTDemucs 955717e8\.safetensors"):
                ask()

    def test_the_vocals_are_kept_without_random_shifts(
        self, installed: list[tuple[object, ...]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = self.put(tmp_path, klass=NETWORK)
        sound = tone(300, 3.0)
        np.testing.assert_allclose(Separate().treat(sound)[1000:-1000], sound[1000:-1000] / 2, atol=2e-3)
        Separate().treat(sound)
        applied = ("apply", (1, 2, 132_300), 0, False)
        assert installed == [("load", path), applied, applied]
        monkeypatch.setattr(separate, "version", lambda _name: "4.1.0")
        assert Separate().made_by.startswith("separate-1/demucs-4.1.0/955717e8+")
        assert newest_cleaning(["separate"]) == ("separate-1",)

    @pytest.mark.parametrize("metadata", [{"klass": "os.system"}, {"klass": NETWORK, "structure": "{}"}, {}])
    def test_a_file_that_names_something_else_is_not_loaded(
        self, installed: list[tuple[object, ...]], tmp_path: Path, metadata: dict[str, str]
    ) -> None:
        self.put(tmp_path, **metadata)
        with pytest.raises(BadWeightsError, match=r"expected demucs\.htdemucs\.HTDemucs"):
            separate.demucs()
        assert installed == []

    @pytest.mark.usefixtures("installed")
    def test_a_file_that_is_none(self, tmp_path: Path) -> None:
        self.put(tmp_path).write_bytes(b"not weights")
        with pytest.raises(BadWeightsError, match="is no safetensors file"):
            separate.demucs()
