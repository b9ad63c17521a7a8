"""All settings, read once from the environment and `.env`, then passed down."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from emovec_db.errors import SettingsError

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
DEFAULT_ENCODER = "compact"


class Settings(BaseSettings):
    """`EMOVEC_*` variables; the README's table is checked against the descriptions here."""

    model_config = SettingsConfigDict(env_prefix="EMOVEC_", env_file=".env", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("emovec-data"), description="folder of the SQLite file, index snapshots and uploads")
    database_url: str | None = Field(
        None, description="`sqlite:///…` or `postgresql://…`; unset: `emovec.db` in the data folder"
    )
    broker_url: SecretStr | None = Field(
        None, description="`redis://…` of the broker, for `--engine celery` only; needs PostgreSQL"
    )
    index_url: SecretStr = Field(
        SecretStr("faiss:"),
        description="where similarity search runs: `faiss:` in this process, `pgvector:` in the PostgreSQL database, "
        "`milvus://…` in a Milvus server",
    )
    encoder: str | None = Field(
        None, description="`compact`, `emotion2vec_plus_large`, another model's name, or a model directory"
    )
    precision: Literal["fp32", "bf16", "int8", "int8-onnx"] | None = Field(
        None,
        description="`fp32`, `bf16` or `int8` for new collections; unset: `fp32`, or what an ONNX directory has",
    )
    device: str = Field(
        "auto",
        description="where Emotion2Vec+ computes: `cpu`, `cuda`, `cuda:1`, for ONNX also `tensorrt`; "
        "`auto`: the GPU if there is one",
    )
    models_dir: Path | None = Field(None, description="folder of pulled models; unset: `models` in the data folder")
    host: str = Field("127.0.0.1", description="address to listen on; anything but loopback needs an API key")
    port: int = Field(7860, ge=0, le=65535, description="port to listen on")
    api_key: SecretStr | None = Field(None, description="key that the API asks for; unset on loopback: none is asked")
    allowed_hosts: str = Field("", description="further Host header names that the server answers to, comma-separated")
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="reverse proxies before the server, whose `X-Forwarded-For`, `-Proto` and `-Host` are believed; "
        "with any it needs an API key",
    )
    timezone: str = Field("UTC", description="zone of a `recorded_at` that names none")
    threads: int = Field(
        0, ge=0, description="CPU threads of the encoder; 0: one for compact, else one per core, at most 4"
    )
    server_threads: int = Field(8, ge=1, description="requests that the server handles at once")
    inference_queue: int = Field(8, ge=1, description="classify and search requests that may wait for the encoder")
    upload_max_mb: float = Field(10, gt=0, description="greatest upload, megabytes")
    upload_max_minutes: float = Field(30, gt=0, description="longest sound in an upload")
    decode_timeout_s: float = Field(
        60, gt=0, description="seconds that decoding a file may take, beside 1 s per 5 MB and 1 s per 10 s of its sound"
    )
    audio_root: Path | None = Field(
        None, description="folder below which `POST /api/predict` may read files by `audio_path`; unset: none"
    )
    archive_max_mb: float = Field(2048, gt=0, description="greatest file of an archive, megabytes")
    archive_max_hours: float = Field(6, gt=0, description="longest sound in a file of an archive")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no IANA time zone such as Europe/Berlin") from error
        return value

    @field_validator("device")
    @classmethod
    def _known_device(cls, value: str) -> str:
        if not re.fullmatch(r"auto|cpu|(cuda|tensorrt)(:\d{1,3})?", value):
            raise ValueError(f"{value!r} is no device: expected auto, cpu, cuda, cuda:1, tensorrt or tensorrt:1")
        return value

    @field_validator("data_dir")
    @classmethod
    def _fits_a_url(cls, value: Path) -> Path:
        if "?" in str(value):
            raise ValueError(
                f"{str(value)!r} holds a question mark, which a database URL can't carry: use another folder"
            )
        return value

    @field_validator("api_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if len(value.get_secret_value()) < 16:
            raise ValueError("a key of at least 16 characters is expected, for example `openssl rand -hex 24`")
        return value

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def resolved_database_url(self) -> str:
        """The database's URL: the given one, else SQLite in the data folder."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'emovec.db').absolute()}"

    @property
    def resolved_models_dir(self) -> Path:
        """Where pulled models lie."""
        return self.models_dir or self.data_dir / "models"

    @property
    def index_dir(self) -> Path:
        """Where index snapshots lie; may be deleted at any time."""
        return self.data_dir / "index"

    @property
    def blobs_dir(self) -> Path:
        """Where stored uploads lie."""
        return self.data_dir / "recordings"

    @property
    def fetched_dir(self) -> Path:
        """Where recordings that are fetched from elsewhere lie while they are decoded."""
        return self.data_dir / "fetched"

    @property
    def drafts_dir(self) -> Path:
        """Where recordings that were only sent to be classified lie, for an hour; emptied when the server starts."""
        return self.data_dir / "drafts"

    @property
    def is_loopback(self) -> bool:
        """Whether the server listens to this machine only."""
        return self.host in LOOPBACK_HOSTS


#: read by the command itself
OTHER_VARIABLES = frozenset({"EMOVEC_DEBUG"})


def _refuse_misspelt(environment: Mapping[str, str]) -> None:
    """A misspelt EMOVEC_API_KEY must not pass for none."""
    known = {f"EMOVEC_{name.upper()}" for name in Settings.model_fields} | OTHER_VARIABLES
    for name in sorted(environment):
        if name.upper().startswith("EMOVEC_") and name.upper() not in known:
            near = get_close_matches(name.upper(), known, n=1)
            hint = f"did you mean {near[0]}?" if near else "the README's table has them all"
            raise SettingsError(f"{name} is no setting: {hint}")


def read_settings(**overrides: object) -> Settings:
    """Environment and `.env`, with `overrides` (None: not overridden) on top.

    Raises:
        SettingsError: a variable is malformed; names it and what was expected.
    """
    _refuse_misspelt(os.environ)
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        problems = [
            f"EMOVEC_{'_'.join(str(part) for part in line['loc']).upper()}: {line['msg']}" for line in error.errors()
        ]
        raise SettingsError("settings can't be used: " + "; ".join(problems)) from error
