"""The networks of the comparison of explanations: made with random weights of a fixed seed, exported to ONNX.

`networks.py FOLDER` writes each as FOLDER/NAME.onnx, with the batch as a dynamic axis. Both sides of the
comparison read these weights: ours from the file, the others by the same seed.
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

CLASSES = 3


def small_cnn():
    """1 × 512 through two convolutions."""
    return nn.Sequential(
        nn.Conv1d(1, 16, 7, padding=3),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(16, 32, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(32, CLASSES),
    )


class HeartRate(nn.Module):
    """The form of KID-PPG: three blocks of three causal convolutions, attention, two dense layers."""

    def __init__(self):
        super().__init__()
        blocks = [1, 32, 48, 64]
        self.blocks = nn.ModuleList(
            nn.ModuleList(nn.Conv1d(start if i == 0 else end, end, 5, dilation=2) for i in range(3))
            for start, end in zip(blocks, blocks[1:])
        )
        self.query, self.key, self.value, self.out = (nn.Linear(64, 64) for _ in range(4))
        self.norm = nn.LayerNorm(64, eps=1e-3)
        self.hidden, self.last = nn.Linear(1024, 32), nn.Linear(32, 1)

    def forward(self, x):
        for block, pool in zip(self.blocks, [4, 2, 2]):
            for layer in block:
                x = torch.relu(layer(functional.pad(x, (8, 0))))
            x = functional.avg_pool1d(x, pool)
        tokens = x.transpose(1, 2)
        query, key, value = (
            layer(tokens).reshape(-1, 16, 4, 16).transpose(1, 2) for layer in (self.query, self.key, self.value)
        )
        mixed = torch.softmax(0.25 * query @ key.transpose(2, 3), -1) @ value
        x = self.norm(self.out(mixed.transpose(1, 2).reshape(-1, 16, 64)))
        return self.last(torch.relu(self.hidden(x.reshape(-1, 1024))))


class Recurrent(nn.Module):
    """Times × channels through a recurrent network, its last state to the classes."""

    def __init__(self, network, width):
        super().__init__()
        self.network, self.last = network, nn.Linear(width, CLASSES)

    def forward(self, x):
        return self.last(self.network(x)[0][:, -1])


class Transformer(nn.Module):
    """250 × 64 through six layers of 256 features and eight heads: 4.8 million parameters."""

    def __init__(self, width=256, heads=8, layers=6):
        super().__init__()
        self.heads = heads
        self.first = nn.Linear(64, width)
        self.position = nn.Parameter(0.02 * torch.randn(250, width))
        self.layers = nn.ModuleList(
            nn.ModuleDict(
                {
                    "before": nn.LayerNorm(width),
                    "qkv": nn.Linear(width, 3 * width),
                    "out": nn.Linear(width, width),
                    "between": nn.LayerNorm(width),
                    "wide": nn.Linear(width, 4 * width),
                    "narrow": nn.Linear(4 * width, width),
                }
            )
            for _ in range(layers)
        )
        self.last = nn.Linear(width, CLASSES)

    def forward(self, x):
        x = self.first(x) + self.position
        width = x.shape[-1]
        each = width // self.heads
        for layer in self.layers:
            parts = layer["qkv"](layer["before"](x)).reshape(-1, 250, 3, self.heads, each)
            query, key, value = parts.permute(2, 0, 3, 1, 4)
            weights = torch.softmax(query @ key.transpose(2, 3) / each**0.5, -1)
            mixed = (weights @ value).transpose(1, 2).reshape(-1, 250, width)
            x = x + layer["out"](mixed)
            x = x + layer["narrow"](functional.gelu(layer["wide"](layer["between"](x))))
        return self.last(x.mean(1))


def eegnet(channels=64, times=1000):
    """EEGNet-8,2 (Lawhern et al. 2018)."""
    return nn.Sequential(
        nn.Unflatten(1, (1, channels)),
        nn.Conv2d(1, 8, (1, 64), padding="same", bias=False),
        nn.BatchNorm2d(8),
        nn.Conv2d(8, 16, (channels, 1), groups=8, bias=False),
        nn.BatchNorm2d(16),
        nn.ELU(),
        nn.AvgPool2d((1, 4)),
        nn.Conv2d(16, 16, (1, 16), padding="same", groups=16, bias=False),
        nn.Conv2d(16, 16, 1, bias=False),
        nn.BatchNorm2d(16),
        nn.ELU(),
        nn.AvgPool2d((1, 8)),
        nn.Flatten(),
        nn.Linear(16 * (times // 32), CLASSES),
    )


class Residual(nn.Module):
    """Two convolutions of 17 taps, of which the second shortens by 4, beside a pool."""

    def __init__(self, start, end):
        super().__init__()
        self.first = nn.Conv1d(start, end, 17, padding=8, bias=False)
        self.second = nn.Conv1d(end, end, 17, stride=4, padding=7, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm1d(end) for _ in range(2))
        self.beside = nn.Conv1d(start, end, 1, bias=False)

    def forward(self, x):
        y = self.second(torch.relu(self.norms[0](self.first(x))))
        return torch.relu(self.norms[1](y + self.beside(functional.max_pool1d(x, 4))[..., : y.shape[-1]]))


def resnet():
    """12 × 5,000, the form of Ribeiro et al. 2020: 6.5 million parameters."""
    widths = [64, 128, 196, 256, 320]
    blocks = [Residual(start, end) for start, end in zip(widths, widths[1:])]
    return nn.Sequential(
        nn.Conv1d(12, 64, 17, padding=8, bias=False),
        nn.BatchNorm1d(64),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(320, CLASSES),
    )


class UNet(nn.Module):
    """1 × 5,000 to the means of three maps of that length: 1.8 million parameters."""

    def __init__(self, widths=(32, 64, 128, 256), taps=9):
        super().__init__()

        def double(start, end):
            layers = [nn.Conv1d(start, end, taps, padding=taps // 2), nn.BatchNorm1d(end), nn.ReLU()]
            more = [nn.Conv1d(end, end, taps, padding=taps // 2), nn.BatchNorm1d(end), nn.ReLU()]
            return nn.Sequential(*layers, *more)

        self.down = nn.ModuleList(double(a, b) for a, b in zip((1, *widths), widths))
        turned = widths[::-1]
        self.grow = nn.ModuleList(nn.ConvTranspose1d(a, b, 2, stride=2) for a, b in zip(turned, turned[1:]))
        self.up = nn.ModuleList(double(2 * b, b) for b in turned[1:])
        self.last = nn.Conv1d(widths[0], CLASSES, 1)

    def forward(self, x):
        kept = []
        for i, layer in enumerate(self.down):
            x = layer(x if i == 0 else functional.max_pool1d(x, 2))
            kept.append(x)
        for grow, layer, beside in zip(self.grow, self.up, kept[-2::-1]):
            x = layer(torch.cat([grow(x), beside], 1))
        return self.last(x).mean(-1)


class Inception(nn.Module):
    """One module of InceptionTime (Ismail Fawaz et al. 2020)."""

    def __init__(self, start, width=32):
        super().__init__()
        self.narrow = nn.Conv1d(start, width, 1, bias=False)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(width, width, taps, padding=taps // 2, bias=False) for taps in (39, 19, 9)
        )
        self.beside = nn.Conv1d(start, width, 1, bias=False)
        self.norm = nn.BatchNorm1d(4 * width)

    def forward(self, x):
        y = self.narrow(x)
        beside = self.beside(functional.max_pool1d(x, 3, stride=1, padding=1))
        return torch.relu(self.norm(torch.cat([*(layer(y) for layer in self.convolutions), beside], 1)))


class InceptionTime(nn.Module):
    """12 × 1,000 through six modules with two residual connections."""

    def __init__(self):
        super().__init__()
        self.modules_ = nn.ModuleList(Inception(12 if i == 0 else 128) for i in range(6))
        self.beside = nn.ModuleList(
            nn.Sequential(nn.Conv1d(start, 128, 1, bias=False), nn.BatchNorm1d(128)) for start in (12, 128)
        )
        self.last = nn.Linear(128, CLASSES)

    def forward(self, x):
        kept = x
        for i, module in enumerate(self.modules_):
            x = module(x)
            if i % 3 == 2:
                x = kept = torch.relu(x + self.beside[i // 3](kept))
        return self.last(x.mean(-1))


def gru():
    return Recurrent(nn.GRU(3, 64, batch_first=True), 64)


def lstm():
    network = nn.LSTM(19, 256, num_layers=2, bidirectional=True, batch_first=True)
    return Recurrent(network, 512)


# each with the shape of a signal
NETWORKS = {
    "small-cnn": (small_cnn, (1, 512)),
    "heart-rate": (HeartRate, (1, 256)),
    "gru": (gru, (256, 3)),
    "transformer": (Transformer, (250, 64)),
    "eegnet": (eegnet, (64, 1000)),
    "resnet": (resnet, (12, 5000)),
    "u-net": (UNet, (1, 5000)),
    "inception-time": (InceptionTime, (12, 1000)),
    "lstm": (lstm, (1000, 19)),
}


def make(name):
    """The network for evaluation, and the shape of a signal."""
    build, shape = NETWORKS[name]
    torch.manual_seed(1)
    network = build()
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            # moments of a network that was trained
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    return network.eval().requires_grad_(False), shape


def export(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name in NETWORKS:
        network, shape = make(name)
        parameters = sum(p.numel() for p in network.parameters())
        torch.onnx.export(
            network,
            (torch.zeros(2, *shape),),
            folder / f"{name}.onnx",
            dynamo=False,
            opset_version=17,
            input_names=["signal"],
            output_names=["scores"],
            dynamic_axes={"signal": {0: "n"}, "scores": {0: "n"}},
        )
        print(f"{name}: {parameters} parameters, a signal of {shape}", flush=True)


if __name__ == "__main__":
    export(Path(sys.argv[1]))
