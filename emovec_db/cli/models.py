"""`emovec models list | pull | show | export | verify`: encoders."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from emovec_db.cli.options import JsonOption, examples, group
from emovec_db.cli.output import console, print_json, table, working
from emovec_db.cli.text import count, printable

if TYPE_CHECKING:
    from emovec_db.encoder.registry import ModelDetails, ModelEntry
    from emovec_db.encoder.verify import ParityReport

HELP = "List, download and look at encoders."

app = group()


@app.callback(invoke_without_command=True, epilog=examples("emovec models list"))
def models(context: typer.Context) -> None:
    """List, download and look at encoders."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list", epilog=examples("emovec models list", "emovec models list --json"))
def list_models(as_json: JsonOption = False) -> None:
    """List the encoders that can be used."""
    from emovec_db.encoder import registry

    entries = registry.list_models(_models_dir())
    if as_json:
        from emovec_db.documents import model_document

        print_json([model_document(entry) for entry in entries])
    else:
        _print_entries(entries)


@app.command(epilog=examples("emovec models pull emotion2vec_plus_large", "emovec models pull campplus"))
def pull(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="As models list has it, or campplus.", show_default=False)
    ],
    as_json: JsonOption = False,
) -> None:
    """Download an encoder, or campplus, which tells voices apart.

    One that is there stays as it is; an interrupted download goes on."""
    from emovec_db.cli.downloads import download_meter
    from emovec_db.encoder.published import CAMPPLUS
    from emovec_db.encoder.pull import pull_model

    with download_meter() as progress:
        path = pull_model(name, _models_dir(), progress=progress)
    if as_json:
        print_json({"name": name, "path": str(path)})
    else:
        use = "--diarize campplus" if path.name == CAMPPLUS.name else f"EMOVEC_ENCODER={name}"
        console().print(f"{printable(path.name)} is in {printable(str(path))}; use it with {use}.")


@app.command(epilog=examples("emovec models show compact", "emovec models show ./my-checkpoint --json"))
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name or directory.", show_default=False)],
    as_json: JsonOption = False,
) -> None:
    """Load an encoder and show what it is."""
    from emovec_db.encoder.registry import show_model
    from emovec_db.settings import read_settings

    settings = read_settings()
    with working("Loading"):
        details = show_model(name, settings.resolved_models_dir, device=settings.device)
    if as_json:
        print_json(details_document(details))
    else:
        _print_details(details)


@app.command(
    epilog=examples(
        "emovec models export ./checkpoint ./exported",
        "emovec models export ./checkpoint ./small --precision int8-onnx",
    )
)
def export(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Directory with model.pt.", show_default=False)],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="Directory to write.", show_default=False)],
    precision: Annotated[str, typer.Option(metavar="NAME", help="fp32 or int8-onnx.")] = "fp32",
    as_json: JsonOption = False,
) -> None:
    """Write an Emotion2Vec+ directory as ONNX, to be served without torch and FunASR."""
    from emovec_db.encoder.emotion2vec.encoder import require_extra

    require_extra()
    from emovec_db.encoder.emotion2vec.export import export_directory

    with working("Exporting"):
        written = export_directory(source, target, precision=precision)
    size_bytes = written.stat().st_size
    if as_json:
        print_json({"path": str(target), "precision": precision, "size_bytes": size_bytes})
    else:
        told = printable(str(target))
        console().print(f"{told} holds {size_bytes / 1e6:,.1f} MB; use it with EMOVEC_ENCODER={told}.")


@app.command(
    epilog=examples(
        "emovec models verify ./my-checkpoint --recordings calls/ --precision bf16 --json",
        "emovec models verify ./my-checkpoint --recordings calls/ --backend onnx --precision int8-onnx",
    )
)
def verify(
    source: Annotated[Path, typer.Argument(metavar="DIR", help="Directory with model.pt.", show_default=False)],
    recordings: Annotated[Path, typer.Option(metavar="FOLDER", help="Recordings to compare on.", show_default=False)],
    precision: Annotated[
        str, typer.Option(metavar="NAME", help="fp32, bf16 or int8; of onnx fp32 or int8-onnx.")
    ] = "fp32",
    backend: Annotated[str, typer.Option(metavar="NAME", help="torch, or onnx, which is exported for it.")] = "torch",
    onnx: Annotated[
        Path | None, typer.Option(metavar="TARGET", help="Verify what models export wrote there instead.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare an encoder with FunASR's own numbers, and refuse it if it is too far off.

    A refused one is not loaded any more until it passes. EMOVEC_DEVICE says where to compute. On random weights the
    figures of bf16 and int8 say nothing about real ones."""
    from emovec_db.services.parity import Variant
    from emovec_db.services.parity import verify as verify_parity
    from emovec_db.settings import read_settings

    settings = read_settings()
    variant = Variant(backend=backend, precision=precision, exported=onnx, device=settings.device)
    with working("Comparing with FunASR"):
        report = verify_parity(source, recordings, variant, settings.resolved_models_dir)
    print_json(asdict(report)) if as_json else _print_report(report)


def _print_report(report: ParityReport) -> None:
    screen = console()
    screen.print(f"{count(report.clips, 'clip')} compared with FunASR's generate: within the tolerance.")
    screen.print(f"Greatest deviation of a number in an embedding  {report.max_embedding_deviation:.2e}")
    screen.print(f"Mean deviation of a number in an embedding      {report.mean_embedding_deviation:.2e}")
    screen.print(f"Greatest deviation of a score                   {report.max_score_deviation:.2e}")
    screen.print(f"Least cosine to FunASR's embedding              {report.min_cosine:.6f}")
    screen.print(f"Same top label                                  {report.top1_agreement:.1%}")


def _models_dir() -> Path:
    from emovec_db.settings import read_settings

    return read_settings().resolved_models_dir


def details_document(details: ModelDetails) -> dict[str, object]:
    """``{source, encoder, name, revision, weights_sha256, precision, dim, labels, frame_rate_hz, parameters, …}``."""
    identity = details.identity
    return {
        "source": details.source,
        "encoder": identity.encoder_id,
        "name": identity.name,
        "revision": identity.revision,
        "weights_sha256": identity.weights_sha256,
        "precision": identity.precision,
        "dim": identity.dim,
        "labels": list(details.labels),
        "frame_rate_hz": details.frame_rate_hz,
        "parameters": details.parameters,
        "backend": details.backend,
        "notice": details.notice,
    }


def _print_entries(entries: tuple[ModelEntry, ...]) -> None:
    rows = table("encoder", "installed", "size", "licence", "description", right=("size",),
                 gives_way={"licence": 16, "description": 24})  # fmt: skip
    for entry in entries:
        size = "" if entry.size_bytes is None else f"{entry.size_bytes / 1e6:,.1f} MB"
        installed = "yes" if entry.installed else "no"
        rows.add_row(printable(entry.name), installed, size, printable(entry.licence), printable(entry.description))
    screen = console()
    screen.print(rows)
    if not all(entry.installed for entry in entries):
        screen.print("\nemovec models pull NAME downloads one.", style="dim")


def _print_details(details: ModelDetails) -> None:
    screen = console()
    screen.print(details.identity.encoder_id, style="bold")
    size = "" if details.parameters is None else f", {count(details.parameters, 'parameter')}"
    screen.print(f"dim {details.identity.dim}, {details.frame_rate_hz:g} frames/s{size}, runs on {details.backend}")
    screen.print(f"labels {', '.join(details.labels)}")
    screen.print(f"weights sha256 {details.identity.weights_sha256}", style="dim")
    if details.notice:
        screen.print(f"ⓘ {printable(details.notice)}", style="yellow")
