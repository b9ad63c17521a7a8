"""What the loaded network computes, several waveforms in one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.nn import functional

from emovec_db.domain.sound import Waveform
from emovec_db.encoder.emotion2vec.arithmetic import Arithmetic, Norm
from emovec_db.encoder.emotion2vec.convolutions import FrameConvolutions, PositionConvolutions
from emovec_db.encoder.emotion2vec.directory import FRAME_SAMPLES, FRAME_STEP_SAMPLES, ModelDirectory
from emovec_db.encoder.emotion2vec.loading import release_pages
from emovec_db.encoder.emotion2vec.packing import Pack
from emovec_db.encoder.emotion2vec.transformer import Block, alibi_bias

AUDIO = "modality_encoders.AUDIO."


class Network:
    """FunASR's Emotion2vec by its own parameters: frames, their mean, and the head on either.

    Rows of several waveforms lie behind each other without padding, and what one waveform gives does not depend on
    its company, beyond the last bits that a matrix product's order of sums decides.
    """

    def __init__(self, model: torch.nn.Module, directory: ModelDirectory, arithmetic: Arithmetic) -> None:
        conf: dict[str, Any] = directory.model_conf
        audio_conf: dict[str, Any] = conf["modalities"]["audio"]
        weights = model.state_dict()
        audio = {key.removeprefix(AUDIO): weight for key, weight in weights.items() if key.startswith(AUDIO)}
        self.parameters = sum(parameter.numel() for parameter in model.parameters())
        self._arithmetic = arithmetic
        self._normalize = bool(conf["normalize"])
        self._frame_convolutions = FrameConvolutions(audio, directory.layers, arithmetic)
        self._position_convolutions = PositionConvolutions(
            audio, audio_conf["conv_pos_depth"], audio_conf["conv_pos_groups"], arithmetic
        )
        self._extra = audio["extra_tokens"][0].to(arithmetic.device)
        self._scale = audio["alibi_scale"].flatten().clamp_min(0).to(arithmetic.device)
        self._eps = float(conf["norm_eps"])
        weight, bias = (audio[f"context_encoder.norm.{part}"].to(arithmetic.device) for part in ("weight", "bias"))
        self._norm = Norm(weight, bias, self._eps)
        prenet = [(audio, f"context_encoder.blocks.{place}") for place in range(audio_conf["prenet_depth"])]
        blocks = prenet + [(weights, f"blocks.{place}") for place in range(conf["depth"])]
        self._blocks = [self._block(*block, conf["num_heads"]) for block in blocks]
        self._head = [weights[f"proj.{part}"].to(arithmetic.device) for part in ("weight", "bias")]
        self._columns = torch.tensor(directory.columns, device=arithmetic.device)

    def _block(self, weights: Mapping[str, torch.Tensor], name: str, heads: int) -> Block:
        block = Block(weights, name, heads, self._eps, self._arithmetic)
        release_pages(weight for key, weight in weights.items() if key.startswith(f"{name}."))
        return block

    @property
    def gap_rows(self) -> int:
        return len(self._extra)

    @torch.inference_mode()
    def frames(self, waveforms: Sequence[Waveform], pack: Pack) -> list[torch.Tensor]:
        """Frame embeddings, float32 (frames, dim), of the pack's waveforms, in its order."""
        gaps = torch.tensor(pack.gaps, device=self._arithmetic.device)
        x = self._frame_convolutions(self._samples(waveforms, pack))
        x = (x + self._position_convolutions(x, gaps)).float()
        x[gaps] = self._extra.repeat(len(pack.frames), 1)
        x = self._norm(x)
        bias = alibi_bias(max(pack.frames) + self.gap_rows, self.gap_rows, self._scale)
        if self._arithmetic.device.type != "cpu":
            # cuDNN misreads a bias of another type than the queries', other kernels refuse it (pytorch PR 191612)
            bias = bias.to(self._arithmetic.dtype)
        for block in self._blocks:
            x = block(x, bias, pack.spans)
        return [x[start + self.gap_rows : stop] for start, stop in pack.spans]

    @torch.inference_mode()
    def pooled(self, waveforms: Sequence[Waveform], pack: Pack) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Embeddings (n, dim), scores (n, 9) and scores of all frames (frames, 9) of the pack's waveforms, float32."""
        frames = self.frames(waveforms, pack)
        embeddings = torch.stack([own.mean(dim=0) for own in frames])
        return embeddings, self.scores(embeddings), self.scores(torch.cat(frames))

    @torch.inference_mode()
    def scores(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Float32 (n, 9) in the order of `LABELS` of embeddings (n, dim), pooled or of frames."""
        return functional.linear(embeddings, *self._head).softmax(dim=-1)[:, self._columns]

    def _samples(self, waveforms: Sequence[Waveform], pack: Pack) -> torch.Tensor:
        """Float32 (320 * rows + 80,): each waveform, normed by itself, at its first frame's row; zeros between."""
        samples = torch.zeros(pack.rows * FRAME_STEP_SAMPLES + FRAME_SAMPLES - FRAME_STEP_SAMPLES)
        for place, frames, (start, _) in zip(pack.places, pack.frames, pack.spans, strict=True):
            waveform = torch.from_numpy(waveforms[place].copy())
            if self._normalize:
                waveform = functional.layer_norm(waveform, waveform.shape)
            first, seen = (
                (start + self.gap_rows) * FRAME_STEP_SAMPLES,
                (frames - 1) * FRAME_STEP_SAMPLES + FRAME_SAMPLES,
            )
            samples[first : first + seen] = waveform[:seen]
        return samples.to(self._arithmetic.device)
