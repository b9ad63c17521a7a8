"""What the small files of a model directory may say."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from emovec_db.emotions import EMOTIONS, LABELS
from emovec_db.encoder.emotion2vec.directory import read_directory
from emovec_db.errors import BadWeightsError, MissingPartError

SPEC = "[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512,2,2)] + [(512,2,2)]"
LAYERS = [(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512, 2, 2)] * 2


def write(folder: Path, *, model: str = "Emotion2vec", spec: object = SPEC, tokens: list[str] | None = None) -> Path:
    conf = {"embed_dim": 1024, "modalities": {"audio": {"feature_encoder_spec": spec}}}
    config = {"model": model, "model_conf": conf, "scope_map": ["d2v_model.", "none"]}
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    names = [emotion.funasr_token for emotion in EMOTIONS] if tokens is None else tokens
    (folder / "tokens.txt").write_text("\n".join(names), encoding="utf-8")
    (folder / "model.pt").touch()
    return folder


def test_published_files(tmp_path: Path) -> None:
    directory = read_directory(write(tmp_path))
    assert directory.dim == 1024
    assert directory.columns == tuple(range(9))
    assert directory.key_prefixes == ("", "d2v_model.", "module.")
    assert directory.model_conf["modalities"]["audio"]["feature_encoder_spec"] == repr(LAYERS)


@pytest.mark.parametrize(
    "spec",
    [
        "__import__('os').system('true')",
        "[(512, 10, 5)] * 10**9",
        "[(512, 10, 5) for _ in range(3)]",
        "[(512, 10)]",
        "[('a', 1, 2)]",
        "512",
        "",
        "[(512, 10, 5)",
        None,
    ],
)
def test_convolutions_are_numbers_and_nothing_is_run(tmp_path: Path, spec: object) -> None:
    with pytest.raises(BadWeightsError, match="feature_encoder_spec"):
        read_directory(write(tmp_path, spec=spec))


def test_tokens_decide_the_columns(tmp_path: Path) -> None:
    tokens = [emotion.funasr_token for emotion in EMOTIONS]
    order = [4, 0, 8, 1, 2, 3, 7, 5, 6]
    directory = read_directory(write(tmp_path, tokens=[tokens[place] for place in order]))
    assert [order[column] for column in directory.columns] == list(range(len(LABELS)))


def test_hidden_tokens_stand_for_the_label_of_their_place(tmp_path: Path) -> None:
    tokens = [emotion.funasr_token for emotion in EMOTIONS]
    for place, name in ((1, "unuse_0"), (2, "unuse_1"), (5, "unuse_2"), (7, "unuse_3")):
        tokens[place] = name
    assert read_directory(write(tmp_path, tokens=tokens)).columns == tuple(range(9))


@pytest.mark.parametrize(
    ("tokens", "message"),
    [
        (["生气/angry"], "1 tokens; expected 9"),
        ([emotion.funasr_token for emotion in EMOTIONS[:-1]] + ["calm"], "in any order"),
        ([EMOTIONS[0].funasr_token] * 9, "in any order"),
    ],
)
def test_unknown_tokens(tmp_path: Path, tokens: list[str], message: str) -> None:
    with pytest.raises(BadWeightsError, match=message):
        read_directory(write(tmp_path, tokens=tokens))


def test_other_models_and_damaged_configs(tmp_path: Path) -> None:
    with pytest.raises(BadWeightsError, match="model 'Paraformer'; expected Emotion2vec"):
        read_directory(write(tmp_path, model="Paraformer"))
    for text in ("[", "a: 1", "- 1", "", "!!python/object/apply:os.getcwd []"):
        (tmp_path / "config.yaml").write_text(text)
        with pytest.raises(BadWeightsError, match=r"config\.yaml can't be read"):
            read_directory(tmp_path)


def test_missing_files(tmp_path: Path) -> None:
    folder = tmp_path / "emotion2vec_plus_large"
    with pytest.raises(MissingPartError, match="emovec models pull emotion2vec_plus_large, or give a directory"):
        read_directory(folder)
    folder.mkdir()
    (write(folder) / "tokens.txt").unlink()
    with pytest.raises(BadWeightsError, match=r"no tokens\.txt, so its weights have no head"):
        read_directory(folder)


def test_revision_follows_what_decides_the_numbers(tmp_path: Path) -> None:
    first = read_directory(write(tmp_path)).revision
    assert read_directory(write(tmp_path, spec=repr(LAYERS))).revision == first
    assert read_directory(write(tmp_path, spec=repr(LAYERS[1:]))).revision != first
    tokens = [emotion.funasr_token for emotion in EMOTIONS][::-1]
    assert read_directory(write(tmp_path, tokens=tokens)).revision != first
