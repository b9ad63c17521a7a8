"""`emovec classify`: what an encoder hears in recordings that need not be stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from emovec_db.cli import exit_codes
from emovec_db.cli.option_sets import with_options
from emovec_db.cli.options import JsonOption, examples, group
from emovec_db.cli.output import console, print_json
from emovec_db.cli.progress import meter
from emovec_db.cli.session import opened
from emovec_db.cli.text import count, printable
from emovec_db.errors import QueryError, RecordingError, RefusedError

if TYPE_CHECKING:
    from emovec_db.database import Collection, Database
    from emovec_db.domain.classification import Classification

app = group()

#: why a file gets no answer while the others do
Unusable = RecordingError | RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose voice is heard."""

    role: Annotated[
        str | None, typer.Option(metavar="ROLE", help="Who speaks; a collection with a policy wants to know.")
    ] = None
    channel: Annotated[
        str, typer.Option(metavar="NAME", help="Only this channel: left, right, ch0 …; else all are mixed.")
    ] = "mix"
    diarize: Annotated[
        Literal["campplus", "pyannote"] | None,
        typer.Option(help="Tell voices apart by this, and hear each for itself."),
    ] = None
    voices: Annotated[
        int | None, typer.Option(metavar="NUMBER", min=1, help="How many voices there are, where that is known.")
    ] = None

    def as_arguments(self, collection: str | None) -> dict[str, Any]:
        """Of `Database.classify`, or of `Collection.classify`; raises QueryError for what can't be done together."""
        if self.role is not None and collection is None:
            raise QueryError("--role is what a collection's policy wants to know: give --collection too")
        if (self.diarize or self.voices) and collection is not None:
            raise QueryError(
                "a collection tells voices apart as it was made to, or not at all: give --diarize and --voices without "
                "--collection"
            )
        return {name: value for name, value in asdict(self).items() if value is not None}


@app.command(
    epilog=examples(
        "emovec classify clip.mp3",
        "emovec classify call.wav --granularity frame --out results/",
        "emovec classify *.wav --json",
        "emovec classify call.wav --collection calls --role customer --channel right",
        "emovec classify call.wav --diarize campplus --voices 2",
    )
)
@with_options(whose=Whose)
def classify(
    whose: Whose,
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Recordings, any format.", show_default=False)],
    granularity: Annotated[
        Literal["utterance", "frame"], typer.Option("--granularity", help="One answer, or also its course over time.")
    ] = "utterance",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Also write result.json, embedding.npy and processed.wav there; several files get a folder each.",
        ),
    ] = None,
    collection: Annotated[
        str | None,
        typer.Option("--collection", metavar="NAME", help="Use this collection's encoder, not the configured one."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which of nine emotions is heard in recordings.

    Nothing is stored. A file that can't be used is reported on stderr and the others are still answered; the exit
    code is then 3.
    """
    wanted = {"frames": granularity == "frame", **whose.as_arguments(collection)}
    answers: list[Any] = []
    failed: list[tuple[Path, Unusable]] = []
    notice = None
    with opened() as database:
        source = database if collection is None else database.collection(collection)
        for file, heard in _each(source, files, wanted):
            if isinstance(heard, RecordingError | RefusedError):
                failed.append((file, heard))
                continue
            notice = heard.encoder_notice
            if out is not None:
                _write(out, file, files, heard, granularity)
            answers.append(_document(file, heard, granularity) if as_json else _view(file, heard))
    if as_json:
        print_json(answers)
    else:
        _print_views(answers, notice)
    if failed:
        _report(failed, len(files))
        raise typer.Exit(exit_codes.SOME_RECORDINGS_FAILED)


def _each(
    source: Database | Collection, files: Sequence[Path], wanted: Mapping[str, Any]
) -> Iterator[tuple[Path, Classification | Unusable]]:
    """What is heard in each file, or why nothing is."""
    with meter("Classifying", "recordings", len(files)) as show:
        for done, file in enumerate(files, start=1):
            try:
                yield file, source.classify(file, **wanted)
            except (RecordingError, RefusedError) as error:
                yield file, error
            show(done, len(files))


def _document(file: Path, heard: Classification, granularity: str) -> Any:
    from emovec_db.documents import classification_document

    return classification_document(str(file), heard, granularity)


def _view(file: Path, heard: Classification) -> Any:
    from emovec_db.cli.classification_view import classification_view

    return classification_view(file, heard)


def _write(out: Path, file: Path, files: Sequence[Path], heard: Classification, granularity: str) -> None:
    from emovec_db.cli.result_files import result_folder, write_result

    write_result(result_folder(out, file, files), heard, granularity)


def _print_views(views: Sequence[Any], notice: str | None) -> None:
    from rich.text import Text

    screen = console()
    for view in views:
        screen.print(view)
        screen.print()
    if notice:
        screen.print(Text(f"ⓘ {printable(notice)}", style="yellow"))


def _report(failed: Sequence[tuple[Path, Unusable]], asked: int) -> None:
    for file, error in failed:
        sys.stderr.write(f"emovec: {printable(str(file))}: {printable(error.message)} [{error.code}]\n")
    sys.stderr.write(f"emovec: {len(failed)} of {count(asked, 'recording')} could not be classified\n")
