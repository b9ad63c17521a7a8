"""A model directory as FunASR's hubs give it: config.yaml, model.pt, tokens.txt."""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from emovec_db.emotions import LABEL_BY_TOKEN, LABELS
from emovec_db.encoder.published import PUBLISHED, published_by_source
from emovec_db.errors import BadWeightsError, MissingPartError

CONFIG, WEIGHTS, TOKENS = "config.yaml", "model.pt", "tokens.txt"
#: what an encoder needs; the hubs' configuration.json is only for FunASR's own look-up
REQUIRED_FILES = (CONFIG, WEIGHTS, TOKENS)
#: the seven convolutions see 400 samples per frame and step by 320: 50 frames per second
FRAME_SAMPLES: Final = 400
FRAME_STEP_SAMPLES: Final = 320
#: tokens of labels that old revisions of the models hide begin so
HIDDEN_TOKEN = "unuse"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDirectory:
    """What the small files of a model directory say."""

    path: Path
    #: FunASR's arguments for the network
    model_conf: dict[str, Any]
    #: prefixes that the weights' keys may have over the network's
    key_prefixes: tuple[str, ...]
    #: columns[i] is the column of the head that scores LABELS[i]
    columns: tuple[int, ...]

    @property
    def weights(self) -> Path:
        return self.path / WEIGHTS

    @property
    def layers(self) -> list[tuple[int, int, int]]:
        """(channels, kernel, stride) of the convolutions that make frames."""
        spec = self.model_conf["modalities"]["audio"]["feature_encoder_spec"]
        layers: list[tuple[int, int, int]] = ast.literal_eval(spec)
        return layers

    @property
    def dim(self) -> int:
        return int(self.model_conf["embed_dim"])

    @property
    def revision(self) -> str:
        """Eight digits over everything but the weights that decides the numbers: network and order of labels."""
        decisive = json.dumps([self.model_conf, self.columns], sort_keys=True)
        return hashlib.sha256(decisive.encode()).hexdigest()[:8]


def read_directory(path: Path) -> ModelDirectory:
    """Read and check the small files.

    Raises MissingPartError (no such directory, or a file of it is missing), BadWeightsError.
    """
    missing = [name for name in REQUIRED_FILES if not (path / name).is_file()]
    if TOKENS in missing and len(missing) == 1:
        raise BadWeightsError(
            f"{path} has no {TOKENS}, so its weights have no head (emotion2vec_base gives embeddings only); "
            "expected one of emotion2vec_plus_large, _base, _seed: emovec models pull emotion2vec_plus_large"
        )
    if missing:
        name = path.name if published_by_source(path.name) else PUBLISHED[0].name
        raise MissingPartError(
            f"the weights of {path.name} are not there ({path} lacks {', '.join(missing)}): run "
            f"emovec models pull {name}, or give a directory that holds {', '.join(REQUIRED_FILES)}"
        )
    config = _config(path)
    return ModelDirectory(
        path=path,
        model_conf=config["model_conf"],
        key_prefixes=_key_prefixes(config.get("scope_map") or []),
        columns=_columns(path / TOKENS),
    )


def _config(path: Path) -> dict[str, Any]:
    import yaml

    try:
        config = yaml.safe_load((path / CONFIG).read_text(encoding="utf-8"))
        model = config["model"]
        spec = config["model_conf"]["modalities"]["audio"]["feature_encoder_spec"]
        int(config["model_conf"]["embed_dim"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise BadWeightsError(
            f"{path / CONFIG} can't be read as emotion2vec's: {error}; pull the model again"
        ) from error
    if model != "Emotion2vec":
        raise BadWeightsError(
            f"{path / CONFIG} describes a model {model!r}; expected Emotion2vec: give another directory"
        )
    # FunASR evaluates this text as Python, so only plain numbers reach it
    config["model_conf"]["modalities"]["audio"]["feature_encoder_spec"] = repr(_layers(spec, path))
    return dict(config)


def _layers(spec: str, path: Path) -> list[tuple[int, int, int]]:
    """`[(512, 10, 5)] + [(512, 3, 2)] * 4` as a list of (channels, kernel, stride)."""
    try:
        layers = [tuple(int(number) for number in layer) for layer in _evaluate(ast.parse(spec, mode="eval").body)]
        return [(channels, kernel, stride) for channels, kernel, stride in layers]
    except (SyntaxError, TypeError, ValueError) as error:
        raise BadWeightsError(
            f"{path / CONFIG} has the feature_encoder_spec {spec!r}; expected sums and multiples of lists of "
            "(channels, kernel, stride): pull the model again"
        ) from error


def _evaluate(node: ast.expr) -> Any:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _evaluate(node.left) + _evaluate(node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        times = ast.literal_eval(node.right)
        if not isinstance(times, int) or times > 64:
            raise ValueError(f"multiple {times!r}")
        return _evaluate(node.left) * times
    return ast.literal_eval(node)


def _key_prefixes(scope_map: list[str]) -> tuple[str, ...]:
    """FunASR's scope_map is pairs of (prefix in the file, prefix in the network); "none" is the empty prefix."""
    pairs = zip(scope_map[::2], scope_map[1::2], strict=False)
    return ("", *(source for source, target in pairs if target.lower() == "none"), "module.")


def _columns(path: Path) -> tuple[int, ...]:
    """Which column scores which label.

    Old revisions write `unuse_*` over the labels that they hide. The head's nine columns are the same there, so
    a hidden token stands for the label of its place, and all nine scores are given. FunASR gives the softmax over
    the five others instead: with such a tokens.txt scores differ from FunASR's by intent.
    """
    tokens = [line.rstrip() for line in path.read_text(encoding="utf-8").splitlines()]
    if len(tokens) != len(LABELS):
        raise BadWeightsError(f"{path} has {len(tokens)} tokens; expected {len(LABELS)}: pull the model again")
    by_place = [
        LABELS[place] if token.startswith(HIDDEN_TOKEN) else LABEL_BY_TOKEN.get(token, token)
        for place, token in enumerate(tokens)
    ]
    if sorted(by_place) != sorted(LABELS):
        raise BadWeightsError(
            f"{path} has the tokens {tokens}; expected {list(LABEL_BY_TOKEN)} in any order: pull the model again"
        )
    return tuple(by_place.index(label) for label in LABELS)
