"""Train the acoustic model: a time-delay neural network (TDNN) that names the phone of every third 10 ms frame."""

import multiprocessing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from acoustic_model import AcousticModel, AffineLayer
from features import COEFFICIENTS
from phones import PhoneTable
from training_data import Example, example
from vocabulary import Templates

FRAMES_PER_ANSWER = 3
"""The network answers once in 30 ms: Vosk takes 0.03 s per decoded frame for granted in word times."""
CONTEXT = 12
"""Frames needed on either side of an answer: the sum of the layers' offsets."""
ANSWERS = 50
"""Answers per training chunk (1.5 s)."""
CHUNKS_PER_STEP = 64
SILENCE_STAYS = 0.9
"""espeak-ng reports a long pause as several short ones, so its own figure is far too low."""


@dataclass(frozen=True)
class LayerShape:
    """One hidden layer; the second one drops to one frame in three, so its neighbours are three frames apart."""

    size: int
    offsets: tuple[int, ...]
    stride: int = 1


HIDDEN = [
    LayerShape(128, (-2, -1, 0, 1, 2)),
    LayerShape(128, (-1, 0, 1), stride=FRAMES_PER_ANSWER),
    LayerShape(160, (-3, 0, 3)),
    LayerShape(160, (-3, 0, 3)),
    LayerShape(160, (-3, 0, 3)),
]


class TimeDelayNetwork(nn.Module):
    """Convolution, batch norm, ReLU, five times; then one answer per 30 ms."""

    def __init__(self, pdf_count: int, mean: NDArray[np.float32], deviation: NDArray[np.float32]) -> None:
        """Start with random weights; mean and deviation, shape (coefficients,), normalise the input."""
        super().__init__()
        self.mean: Tensor
        self.deviation: Tensor
        self.register_buffer("mean", torch.tensor(mean)[None, :, None])
        self.register_buffer("deviation", torch.tensor(deviation)[None, :, None])
        sizes = [COEFFICIENTS, *(layer.size for layer in HIDDEN)]
        self.convolutions = nn.ModuleList(
            nn.Conv1d(inputs, layer.size, len(layer.offsets), stride=layer.stride)
            for inputs, layer in zip(sizes, HIDDEN, strict=False)
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(layer.size) for layer in HIDDEN)
        self.output = nn.Conv1d(sizes[-1], pdf_count, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, frames, coefficients) -> (batch, pdfs, answers), not normalised."""
        signal = (features.transpose(1, 2) - self.mean) / self.deviation
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            signal = functional.dropout(functional.relu(norm(convolution(signal))), 0.1, self.training)
        return self.output(signal)

    @torch.no_grad()
    def affine_layers(self) -> list[AffineLayer]:
        """The same network with input normalisation and batch norm folded into plain affine layers."""
        layers = []
        for index, (shape, convolution, norm) in enumerate(zip(HIDDEN, self.convolutions, self.norms, strict=True)):
            weights, bias = convolution.weight.double(), convolution.bias.double()
            if index == 0:
                mean, deviation = self.mean.double()[0], self.deviation.double()[0]
                bias = bias - (weights * (mean / deviation)).sum((1, 2))
                weights = weights / deviation
            gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
            bias = (bias - norm.running_mean.double()) * gain + norm.bias.double()
            weights = (weights * gain[:, None, None]).permute(0, 2, 1).flatten(1)  # columns: offset by offset
            layers.append(AffineLayer(shape.offsets, weights.float().numpy(), bias.float().numpy()))
        layers.append(AffineLayer((0,), self.output.weight[:, :, 0].numpy(), self.output.bias.numpy()))
        return layers


@dataclass(frozen=True)
class TrainingSet:
    """All examples end to end, each padded by CONTEXT frames on both sides."""

    features: Tensor
    """Shape (frames, coefficients)."""

    pdfs: Tensor
    """Shape (frames,)."""

    starts: NDArray[np.int64]
    """Where each example's padding begins."""

    lengths: NDArray[np.int64]
    """Each example's frames, padding not counted; at least one chunk."""

    @classmethod
    def of(cls, examples: list[Example], table: PhoneTable) -> Self:
        """Join the examples; one that is shorter than a chunk repeats its last frame."""
        features, pdfs, lengths = [], [], []
        for item in examples:
            missing = max(0, FRAMES_PER_ANSWER * ANSWERS - len(item.features))
            padding = (CONTEXT, CONTEXT + missing)
            features.append(np.pad(item.features, (padding, (0, 0)), mode="edge"))
            pdfs.append(np.pad(item.pdfs(table.pdf_of_phone), padding, mode="edge"))
            lengths.append(len(item.features) + missing)
        starts = np.cumsum([0, *map(len, pdfs)])[:-1]
        return cls(
            torch.from_numpy(np.concatenate(features)),
            torch.from_numpy(np.concatenate(pdfs)),
            starts,
            np.array(lengths),
        )

    @property
    def steps_per_epoch(self) -> int:
        """As many as it takes to draw every frame once on average."""
        return int(self.lengths.sum()) // (FRAMES_PER_ANSWER * ANSWERS * CHUNKS_PER_STEP)

    def batches(self, rng: np.random.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """One epoch of random chunks: features (batch, frames, coefficients) and pdfs (batch, answers)."""
        frames = np.arange(FRAMES_PER_ANSWER * (ANSWERS - 1) + 2 * CONTEXT + 1)
        answers = CONTEXT + FRAMES_PER_ANSWER * np.arange(ANSWERS)
        shares = self.lengths / self.lengths.sum()
        room = self.lengths - FRAMES_PER_ANSWER * ANSWERS + 1
        for _ in range(self.steps_per_epoch):
            drawn = rng.choice(len(self.starts), CHUNKS_PER_STEP, p=shares)
            begin = self.starts[drawn] + (rng.random(CHUNKS_PER_STEP) * room[drawn]).astype(np.int64)
            yield self.features[begin[:, None] + frames], self.pdfs[begin[:, None] + answers]


def train(templates: Templates, example_count: int, epochs: int, seed: int = 0) -> AcousticModel:
    """Make the examples (two processes) and train on them; prints one line per epoch.

    Not reproducible to the bit: the order of threads changes the loss in its third digit.
    """
    with multiprocessing.get_context("fork").Pool(2) as pool:
        examples = pool.map(partial(example, templates), range(example_count), chunksize=50)
    hours = sum(len(item.features) for item in examples) / 360_000
    table = PhoneTable(sorted({span.phone for item in examples for span in item.spans if span.phone}))
    print(f"{example_count} utterances, {hours:.1f} h, {table.pdf_count - 1} phones", flush=True)
    torch.manual_seed(seed)
    data = TrainingSet.of(examples, table)
    deviation, mean = torch.std_mean(data.features, dim=0)
    network = TimeDelayNetwork(table.pdf_count, mean.numpy(), deviation.numpy())
    _fit(network, data, epochs, np.random.default_rng(seed))
    priors = np.bincount(data.pdfs.numpy(), minlength=table.pdf_count) + 100.0
    return AcousticModel(
        list(table.pdf_of_phone),
        (priors / priors.sum()).astype(np.float32),
        _stay_probabilities(examples, table),
        network.affine_layers(),
    )


def _fit(network: TimeDelayNetwork, data: TrainingSet, epochs: int, rng: np.random.Generator) -> None:
    optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=1e-4)
    steps = epochs * data.steps_per_epoch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.15)
    network.train()
    for epoch in range(1, epochs + 1):
        loss_sum = right = 0.0
        for features, pdfs in data.batches(rng):
            scores = network(features)
            loss = functional.cross_entropy(scores, pdfs)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            loss_sum += loss.item()
            right += (scores.argmax(1) == pdfs).float().mean().item()
        count = data.steps_per_epoch
        print(f"epoch {epoch}/{epochs}: loss {loss_sum / count:.3f}, frames right {right / count:.2%}", flush=True)
    network.eval()


def _stay_probabilities(examples: list[Example], table: PhoneTable) -> NDArray[np.float32]:
    """From the mean duration of each phone, counted in answers of 30 ms; shape (pdfs,)."""
    seconds, count = np.zeros(table.pdf_count), np.zeros(table.pdf_count)
    for item in examples:
        for span in item.spans:
            if span.phone:
                seconds[table.pdf_of_phone[span.phone]] += span.end_s - span.start_s
                count[table.pdf_of_phone[span.phone]] += 1
    answers = np.maximum(seconds / np.maximum(count, 1) / 0.03, 1.3)
    stays = np.clip(1 - 1 / answers, 0.2, 0.9)
    stays[0] = SILENCE_STAYS
    return stays.astype(np.float32)
