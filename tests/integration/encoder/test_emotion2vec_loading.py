"""Loading is safe, frugal and leaves the process as it was."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emovec_db.encoder.checksums import write_checksums
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder
from emovec_db.encoder.emotion2vec.directory import CONFIG, REQUIRED_FILES, WEIGHTS
from emovec_db.encoder.hashing import file_sha256
from emovec_db.errors import BadWeightsError, NotFiniteError, TooLongError, TooShortError, UserError


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """A model directory to damage."""
    return Path(shutil.copytree(tiny, tmp_path / "copy"))


def rewrite(directory: Path, **changes: Any) -> None:
    """Save the weights again with tensors replaced (None: removed) by key; `__` stands for a dot."""
    import torch

    content = torch.load(directory / WEIGHTS, weights_only=True)
    for key, tensor in changes.items():
        content["model"].pop(key.replace("__", "."))
        if tensor is not None:
            content["model"][key.replace("__", ".")] = tensor
    torch.save(content, directory / WEIGHTS)


def test_identity(encoder: Emotion2vecEncoder, tiny: Path) -> None:
    import torch

    identity = encoder.identity
    assert (identity.name, identity.precision, identity.dim) == ("tiny", "fp32", 64)
    assert identity.weights_sha256 == file_sha256(tiny / WEIGHTS)
    assert encoder.backend == f"torch-{torch.__version__.split('+')[0]}-cpu"
    assert encoder.notice is None
    assert encoder.parameters == sum(
        tensor.numel() for tensor in torch.load(tiny / WEIGHTS, weights_only=True)["model"].values()
    )


def test_other_weights_are_another_identity(encoder: Emotion2vecEncoder, tmp_path: Path) -> None:
    from tests.checkpoints import write_checkpoint

    other = Emotion2vecEncoder(write_checkpoint(tmp_path / "tiny", seed=1))
    assert not other.identity.same_space(encoder.identity)
    assert other.identity.revision == encoder.identity.revision


def test_refused_waveforms(encoder: Emotion2vecEncoder) -> None:
    good = np.zeros(16_000, np.float32)
    with pytest.raises(TooShortError, match=r"399 samples .* at least 400"):
        encoder.encode([good, good[:399]])
    with pytest.raises(TooLongError, match=r"60\.1 s; the encoder takes at most 60 s"):
        encoder.encode([good, np.zeros(int(60.1 * 16_000), np.float32)])
    for wrong in (good.astype(np.float64), good.astype(np.int16), good[None]):
        with pytest.raises(UserError, match=r"expected float32 \(samples,\)"):
            encoder.encode([wrong])
    bad = good.copy()
    bad[7] = np.nan
    with pytest.raises(NotFiniteError):
        encoder.encode([bad])


def test_headless_weights(copy: Path) -> None:
    rewrite(copy, proj__weight=None, proj__bias=None)
    with pytest.raises(BadWeightsError, match="has no head"):
        Emotion2vecEncoder(copy)


def test_missing_tensor(copy: Path) -> None:
    rewrite(copy, d2v_model__blocks__1__norm2__bias=None)
    with pytest.raises(BadWeightsError, match=r"lacks 1 tensors, first blocks\.1\.norm2\.bias"):
        Emotion2vecEncoder(copy)


def test_wrong_shape(copy: Path) -> None:
    """FunASR would go on with random numbers there."""
    import torch

    rewrite(copy, proj__weight=torch.zeros(9, 65))
    with pytest.raises(BadWeightsError, match="does not fit its config"):
        Emotion2vecEncoder(copy)


def test_half_precision_weights_are_widened(copy: Path) -> None:
    import torch

    content = torch.load(copy / WEIGHTS, weights_only=True)
    content["model"] = {key: tensor.half() for key, tensor in content["model"].items()}
    torch.save(content, copy / WEIGHTS)
    assert Emotion2vecEncoder(copy).encode([np.ones(400, np.float32)])[0].embedding.dtype == np.float32


@pytest.mark.parametrize("kept", [0, 100, 0.5])
def test_truncated_weights(copy: Path, kept: float) -> None:
    content = (copy / WEIGHTS).read_bytes()
    (copy / WEIGHTS).write_bytes(content[: int(kept if kept > 1 else kept * len(content))])
    with pytest.raises(BadWeightsError, match="can't be read as plain tensors"):
        Emotion2vecEncoder(copy)


@pytest.mark.parametrize("name", ["config.yaml", "tokens.txt", WEIGHTS])
def test_a_file_other_than_it_came(copy: Path, name: str) -> None:
    write_checksums(copy, REQUIRED_FILES)
    assert Emotion2vecEncoder(copy).identity.weights_sha256 == file_sha256(copy / WEIGHTS)
    with (copy / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(BadWeightsError, match=f"{name} was changed or damaged since it came: .*Pull the model"):
        Emotion2vecEncoder(copy)


class Trap:
    """Pickled, it makes a file when it is unpickled without care."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def test_weights_run_no_code(copy: Path, tmp_path: Path) -> None:
    import torch

    sprung = tmp_path / "sprung"
    content = torch.load(copy / WEIGHTS, weights_only=True)
    torch.save(content | {"cfg": Trap(sprung)}, copy / WEIGHTS)
    with pytest.raises(BadWeightsError, match="refuses to run"):
        Emotion2vecEncoder(copy)
    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung)))
    assert sprung.exists()


CHILD = """
import io, json, logging, os, random, sys, warnings
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
import numpy as np, torch
from emovec_db.encoder.emotion2vec import Emotion2vecEncoder

def state():
    root = logging.getLogger()
    return [repr(random.getstate()), repr(np.random.get_state()), torch.get_rng_state().tolist(),
            torch.get_num_threads(), root.level, len(root.handlers), repr(warnings.filters),
            os.environ.get("HYDRA_FULL_ERROR")]

def peak():
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) * 1024

before, said = state(), io.StringIO()
with redirect_stdout(said), redirect_stderr(said):
    Emotion2vecEncoder(Path(sys.argv[2]))  # what is imported on first use
    imported = peak()
    encoder = Emotion2vecEncoder(Path(sys.argv[1]))
    loaded = peak()
    encoder.encode([np.zeros(16000, np.float32)])
    used = peak()
    rest = [name for name in sys.modules if name.partition(".")[0] in ("funasr", "transformers")]
print(json.dumps({"unchanged": state() == before, "said": said.getvalue(), "rest": rest, "load": loaded - imported,
                  "use": used - imported, "weights": encoder.parameters * 4}))
"""


def test_process_is_left_as_it_was_and_memory_is_that_of_the_weights(tiny: Path, tmp_path: Path) -> None:
    """In a fresh process, on a file with the optimizer's state, two thirds of it, as the published one has."""
    import torch

    from tests.checkpoints import Architecture, checkpoint, random_weights, write_small_files

    architecture = Architecture(dim=512, heads=8, depth=8, prenet_depth=4, conv_channels=256)
    write_small_files(tmp_path, architecture)
    weights = random_weights(architecture, 0)
    adam = {
        place: {"step": 1, "exp_avg": torch.zeros_like(tensor), "exp_avg_sq": torch.zeros_like(tensor)}
        for place, tensor in enumerate(weights.values())
    }
    torch.save(checkpoint(weights, last_optimizer_state={"state": adam}), tmp_path / WEIGHTS)
    answer = subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), str(tiny)], capture_output=True, text=True, check=True
    )
    report = json.loads(answer.stdout)
    assert report["said"] == ""
    assert report["unchanged"]
    assert report["rest"] == [], "FunASR's other models take seconds to import"
    assert (tmp_path / WEIGHTS).stat().st_size > 2.9 * report["weights"]
    assert report["load"] < 1.5 * report["weights"]
    assert report["use"] < 1.8 * report["weights"]  # with what a second of sound needs


@pytest.mark.parametrize(
    ("section", "key", "value", "message"),
    [
        (None, "layer_norm_first", True, "layer_norm_first True"),
        ("audio", "extractor_mode", "default", "extractor_mode 'default'"),
        ("audio", "num_extra_tokens", 8, "num_extra_tokens 8 below 9, half the positional kernel"),
        ("audio", "feature_encoder_spec", "[(32, 10, 5)] + [(32, 3, 2)] * 5", r"frames of 320 samples every 160"),
    ],
)
def test_another_architecture_is_refused(copy: Path, section: str | None, key: str, value: Any, message: str) -> None:
    """Of these we would compute something else than FunASR does."""
    import yaml

    config = yaml.safe_load((copy / CONFIG).read_text(encoding="utf-8"))
    place = config["model_conf"] if section is None else config["model_conf"]["modalities"][section]
    place[key] = value
    (copy / CONFIG).write_text(yaml.safe_dump(config), encoding="utf-8")
    with pytest.raises(BadWeightsError, match=message):
        Emotion2vecEncoder(copy)
