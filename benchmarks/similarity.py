"""How well each space finds the same emotion, whoever speaks and whatever is said.

Clips are encoded by compact as trained without their speakers: such encoders are made by `python -m tools.compact.train
--fold 0` and so on into build/compact; those that are missing are said to be. An encoder's unseen speakers are searched
for among each other, each corpus by itself. `emotion` is fitted without labels: to other speakers only (unknown), or to
those who are searched for, as in a collection that was fitted (known); and again with the labels of those who are not
searched for as annotations, and with these labels in the place of their scores. Intervals of 95 % by drawing speakers
again.

python -m benchmarks.similarity --data ../shared/data/speech
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import ROOT, Report, arguments, table
from benchmarks.space_variants import VARIANTS, Tried
from emovec_db.domain.annotation import Annotated
from emovec_db.domain.query import Heard
from emovec_db.emotions import LABELS
from emovec_db.spaces.emotion import EmotionSpace
from emovec_db.spaces.fitting import learn
from emovec_db.spaces.measures import Judged, Labelled, judged, measures
from emovec_db.spaces.protocol import Space
from emovec_db.spaces.registry import SPACES
from tools.compact.data import decode
from tools.compact.recipe import FOLDS

SPEECH = ROOT.parent / "shared" / "data" / "speech"
DRAWS = 1_000
WEIGHTS = (0.3, 0.8, 0.95)
BASE, KNOWN, UNKNOWN = "embedding", "emotion, speakers known", "emotion, speakers unknown"
TAUGHT_KNOWN, TAUGHT_UNKNOWN = f"{KNOWN}, annotations of others", f"{UNKNOWN}, annotations of others"
LITERAL = "labels for scores"
#: by figure of `Measures`, what the tables call it
FIGURES = {
    "map_at_10": "mAP@10",
    "precision_at_10": "precision@10",
    "triplet_accuracy": "triplets",
    "speaker_triplet_accuracy": "same voice",
    "sentence_triplet_accuracy": "same sentence",
}
TRIED_HEAD = ("tried", "encoders", "mAP@10, unknown", "known", "triplets, unknown", "known")
#: of each space, what came of each clip, by part (an encoder and a corpus)
Parts = Sequence[Judged]


@dataclass(frozen=True, slots=True)
class Corpus:
    """One corpus as an encoder hears it that has not seen some of its speakers."""

    name: str
    heard: Heard
    #: str (n,) each; the label is empty where it has no counterpart in the nine
    labels: NDArray[np.str_]
    sentences: NDArray[np.str_]
    #: bool (n,): by speakers who are searched for; the encoder has not seen them
    unseen: NDArray[np.bool_]


def read_corpora(data: Path, build: Path, cache: Path) -> dict[str, list[Corpus]]:
    """By kind of encoder, each corpus in which at least two speakers are new to one that is there."""
    with (data / "labels.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found: dict[str, list[Corpus]] = {}
    for encoder, unseen in _unseen_speakers(rows).items():
        if not (build / f"{encoder}.onnx").exists():
            print(f"{encoder}.onnx is not in {build}: its speakers are left out", file=sys.stderr)
            continue
        for name in sorted({row["dataset"] for row in rows}):
            new = sorted(speaker for speaker in unseen if speaker.startswith(name))
            if len(new) >= 2:
                kind = f"{name}, " + ("same corpora" if encoder.startswith("fold") else "another corpus")
                of_corpus = [row for row in rows if row["dataset"] == name]
                heard = _heard(data, build / f"{encoder}.onnx", cache / f"{encoder}-{name}.npz", of_corpus)
                # where every speaker is new to the encoder, each half of them is what the other's space is fitted on
                groups = [new] if encoder.startswith("fold") else [new[::2], new[1::2]]
                parts = [_corpus(f"{encoder}, {name}", of_corpus, heard, set(group)) for group in groups]
                found.setdefault(kind, []).extend(parts)
    return found


def _unseen_speakers(rows: Sequence[Mapping[str, str]]) -> dict[str, set[str]]:
    folds = {f"fold-{number}": set(speakers) for number, speakers in enumerate(FOLDS)}
    corpora = sorted({row["dataset"] for row in rows})
    return {**folds, **{f"only-{one}": {row["speaker"] for row in rows if row["dataset"] != one} for one in corpora}}


def _corpus(name: str, rows: Sequence[Mapping[str, str]], heard: Heard, unseen: set[str]) -> Corpus:
    return Corpus(
        name=name,
        heard=heard,
        labels=np.array([row["label"] for row in rows]),
        sentences=np.array([row["sentence"] for row in rows]),
        unseen=np.array([row["speaker"] in unseen for row in rows]),
    )


def _heard(data: Path, encoder: Path, kept: Path, rows: Sequence[Mapping[str, str]]) -> Heard:
    if not kept.exists():
        print(f"{encoder.name} encodes {len(rows):,} clips", file=sys.stderr, flush=True)
        _encode(data, encoder, kept, rows)
    with np.load(kept, allow_pickle=False) as arrays:
        people = np.array([row["speaker"] for row in rows], dtype=object)
        return Heard(embeddings=arrays["embeddings"], scores=arrays["scores"], people=people)


def _encode(data: Path, encoder: Path, kept: Path, rows: Sequence[Mapping[str, str]]) -> None:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(encoder, options, providers=["CPUExecutionProvider"])
    found = [session.run(["embedding", "scores"], {"waveform": decode(data / row["path"])[None]}) for row in rows]
    kept.parent.mkdir(parents=True, exist_ok=True)
    embeddings, scores = (np.concatenate([one[place] for one in found]) for place in (0, 1))
    np.savez(kept, embeddings=embeddings, scores=scores)


def made_up(seed: int = 1, speakers: int = 8, clips: int = 12, dim: int = 16) -> dict[str, list[Corpus]]:
    """A corpus in which speakers differ more than emotions; shows that the benchmark runs."""
    rng = np.random.default_rng(seed)
    emotions, voices = rng.standard_normal((4, dim)), 2 * rng.standard_normal((speakers, dim))
    emotion, speaker = (grid.ravel() for grid in np.meshgrid(np.arange(clips) % 4, np.arange(speakers)))
    scores = rng.dirichlet(np.full(len(LABELS), 0.5), len(emotion)) / 2
    scores[np.arange(len(emotion)), emotion] += 0.5
    heard = Heard(
        embeddings=(emotions[emotion] + voices[speaker] + rng.standard_normal((len(emotion), dim))).astype(np.float32),
        scores=scores.astype(np.float32),
        people=np.array([f"speaker {one}" for one in speaker], dtype=object),
    )
    sentences = np.array([f"sentence {place}" for place in rng.integers(0, 3, len(emotion))])
    labels = np.array(LABELS)[emotion]
    return {"made up": [Corpus("made up", heard, labels, sentences, speaker < speakers // 2)]}


def spaces_for(corpus: Corpus) -> dict[str, Space | Tried]:
    """All that are compared, those that were tried and not taken last."""
    own = rows_of(corpus.heard, corpus.unseen)
    known = learn(own, [own])
    rest = rows_of(corpus.heard, ~corpus.unseen)
    weighted = {f"{KNOWN}, scores {weight:.0%}": EmotionSpace(1, known, score_weight=weight) for weight in WEIGHTS}
    used = {**SPACES, UNKNOWN: EmotionSpace(1, learn(rest, [rest])), KNOWN: EmotionSpace(1, known), **weighted}
    used |= taught_spaces(corpus, own, rest)
    fits = {"unknown": rest, "known": own}
    return used | {f"{name}, {fit}": Tried(variant, fits[fit]) for name, variant in VARIANTS.items() for fit in fits}


def taught_spaces(corpus: Corpus, own: Heard, rest: Heard) -> dict[str, Space]:
    """With the labels of those who are not searched for: as annotations, and in the place of their scores."""
    labels = corpus.labels[~corpus.unseen]
    places = np.array([LABELS.index(label) if label else -1 for label in labels], dtype=np.int64)
    taught = Annotated(heard=rows_of(rest, places >= 0), labels=places[places >= 0])
    scores = np.where(places[:, None] >= 0, np.eye(len(LABELS), dtype=np.float32)[places], rest.scores)
    literal = Heard(embeddings=rest.embeddings, scores=scores, people=rest.people)
    return {
        TAUGHT_UNKNOWN: EmotionSpace(1, learn(rest, [rest], taught)),
        # whoever is annotated is in the collection too
        TAUGHT_KNOWN: EmotionSpace(1, learn(joined(own, rest), [own, rest], taught)),
        f"{UNKNOWN}, {LITERAL}": EmotionSpace(1, learn(literal, [literal])),
    }


def joined(first: Heard, second: Heard) -> Heard:
    """The utterances of both."""
    names = ("embeddings", "scores", "people")
    return Heard(**{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names})


def rows_of(heard: Heard, at: NDArray[np.bool_]) -> Heard:
    """Those utterances."""
    return Heard(embeddings=heard.embeddings[at], scores=heard.scores[at], people=heard.people[at])


def judge(corpus: Corpus) -> tuple[dict[str, Judged], NDArray[np.object_]]:
    """By space, what came of each labelled clip of an unseen speaker; and who speaks each."""
    at = corpus.unseen & (corpus.labels != "")
    heard = rows_of(corpus.heard, at)
    labels, sentences, speakers = (
        np.unique(names, return_inverse=True)[1].astype(np.int64)
        for names in (corpus.labels[at], corpus.sentences[at], heard.people.astype(str))
    )
    found = {}
    for name, space in spaces_for(corpus).items():
        vectors = space.project(heard)
        found[name] = judged(Labelled(vectors=vectors, labels=labels, speakers=speakers, sentences=sentences))
    return found, heard.people


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def intervals(parts: Parts, people: Sequence[NDArray[np.object_]], base: Parts | None = None) -> dict[str, Interval]:
    """Each figure over all parts, or how far it lies above that of a base, the same speakers drawn for both."""
    places = [(part, np.flatnonzero(who == one)) for part, who in enumerate(people) for one in sorted(set(who))]

    def figures(chosen: Sequence[tuple[int, NDArray[np.intp]]]) -> dict[str, float]:
        mine, theirs = (
            asdict(measures([of[part].rows(at) for part, at in chosen])) if of else dict.fromkeys(FIGURES, 0.0)
            for of in (parts, base)
        )
        return {name: mine[name] - theirs[name] for name in FIGURES}

    rng = np.random.default_rng(1)
    drawn = [figures([places[one] for one in rng.integers(0, len(places), len(places))]) for _ in range(DRAWS)]
    value = figures(places)
    low_high = {name: np.nanpercentile([one[name] for one in drawn], [2.5, 97.5]) for name in FIGURES}
    return {name: Interval(value[name], *map(float, low_high[name])) for name in FIGURES}


def tried_rows(kind: str, parts: Mapping[str, Parts]) -> list[list[str]]:
    """How far each variant lies above the base, a row for each."""
    base = measures(parts[BASE])

    def above(name: str, figure: str) -> str:
        return f"{asdict(measures(parts[name]))[figure] - asdict(base)[figure]:+.3f}"

    figures = [(figure, fit) for figure in ("map_at_10", "triplet_accuracy") for fit in ("unknown", "known")]
    return [[name, kind, *(above(f"{name}, {fit}", figure) for figure, fit in figures)] for name in VARIANTS]


def main() -> None:
    """Print the tables and write build/benchmarks/similarity.json."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, default=SPEECH, help="folder with labels.csv and its clips")
    parser.add_argument("--encoders", type=Path, default=ROOT / "build" / "compact", help="folder of fold-0.onnx …")
    options = parser.parse_args()
    report = Report("similarity", options.out)
    cache = options.out / "similarity"
    corpora = made_up() if options.smoke else read_corpora(options.data, options.encoders, cache)
    tables, tried, published = [], [], {}
    for kind, of_kind in corpora.items():
        found = [judge(corpus) for corpus in of_kind]
        people = [who for _, who in found]
        parts = {name: [of_space[name] for of_space, _ in found] for name in found[0][0]}
        used = [name for name in parts if not name.startswith(tuple(VARIANTS))]
        figures = {name: intervals(parts[name], people) for name in used}
        tried += tried_rows(kind, parts)
        above = {
            f"{name}, above {base}": intervals(parts[name], people, parts[base])
            for name, base in ((UNKNOWN, BASE), (KNOWN, BASE), (TAUGHT_UNKNOWN, UNKNOWN), (TAUGHT_KNOWN, KNOWN))
        }
        counted = measures(parts[BASE])
        speakers = sum(len(set(who)) for who in people)
        title = f"{kind}: {speakers} speakers, {counted.queries:,} queries, {counted.triplets:,} triplets"
        rows = [[name, *(str(one[figure]) for figure in FIGURES)] for name, one in figures.items()]
        rows += [[name, *(str(one[figure]) for figure in FIGURES)] for name, one in above.items()]
        tables.append(f"{title}\n\n{table(['space', *FIGURES.values()], rows)}")
        published[kind] = {"spaces": figures, "above": above, "encoders": [one.name for one in of_kind]}
    tables.append(f"Tried and not taken, above {BASE}:\n\n{table(TRIED_HEAD, sorted(tried))}")
    report.publish(tables, {**published, "tried": sorted(tried)})


if __name__ == "__main__":
    main()
