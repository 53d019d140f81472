"""Networks of the zoo that are written here: state-space models, and what people write around layers of PyTorch."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class S4D(nn.Module):
    """Diagonal state-space layer, as a long convolution by Fourier transforms (Gu et al. 2022), in real arithmetic or complex."""

    def __init__(self, channels, states=4, complex_numbers=False):
        super().__init__()
        self.log_step = nn.Parameter(torch.rand(channels) - 3)
        self.decay = nn.Parameter(torch.log(0.5 * torch.ones(channels, states)))
        self.frequency = nn.Parameter(math.pi * torch.arange(states).repeat(channels, 1).float())
        self.mix = nn.Parameter(torch.randn(channels, states, 2))
        self.skip = nn.Parameter(torch.randn(channels))
        self.complex_numbers = complex_numbers

    def kernel(self, n):
        time = torch.arange(n, device=self.skip.device, dtype=self.skip.dtype)
        step = self.log_step.exp()[:, None, None]
        if self.complex_numbers:
            rate = torch.complex(-self.decay.exp(), self.frequency)[..., None] * step
            return 2 * torch.einsum("cs,cst->ct", torch.view_as_complex(self.mix), torch.exp(rate * time)).real
        size = torch.exp(-self.decay.exp()[..., None] * step * time)
        angle = self.frequency[..., None] * step * time
        return 2 * (size * (self.mix[..., :1] * angle.cos() - self.mix[..., 1:] * angle.sin())).sum(1)

    def forward(self, x):
        n = x.shape[-1]
        y = torch.fft.irfft(torch.fft.rfft(x, n=2 * n) * torch.fft.rfft(self.kernel(n), n=2 * n), n=2 * n)[..., :n]
        return F.gelu(y + self.skip[:, None] * x)


class Selective(nn.Module):
    """A layer like Mamba's (Gu & Dao 2023), whose scan is a loop, or the exponential of cumulative sums."""

    def __init__(self, channels, states=4, loop=True):
        super().__init__()
        self.inner = 2 * channels
        self.enter = nn.Linear(channels, 2 * self.inner)
        self.local = nn.Conv1d(self.inner, self.inner, 4, padding=3, groups=self.inner)
        self.choose = nn.Linear(self.inner, 1 + 2 * states)
        self.step = nn.Linear(1, self.inner)
        self.decay = nn.Parameter(torch.log(torch.arange(1, states + 1).float()).repeat(self.inner, 1))
        self.leave = nn.Linear(self.inner, channels)
        self.loop = loop

    def forward(self, x):  # (n, time, channels)
        u, gate = self.enter(x).chunk(2, -1)
        u = F.silu(self.local(u.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        step, into, out = torch.split(self.choose(u), [1, self.decay.shape[1], self.decay.shape[1]], -1)
        step = F.softplus(self.step(step))[..., None]
        rate = -step * self.decay.exp()
        fed = step * into[:, :, None] * u[..., None]
        if self.loop:
            state, states = torch.zeros_like(fed[:, 0]), []
            for t in range(x.shape[1]):
                state = rate[:, t].exp() * state + fed[:, t]
                states.append(state)
            states = torch.stack(states, 1)
        else:
            total = 0.02 * rate.cumsum(1)  # without the factor its exponential overflows
            states = (fed * torch.exp(-total)).cumsum(1) * total.exp()
        return self.leave((states * out[:, :, None]).sum(-1) * F.silu(gate))


class Fourier(nn.Module):
    """A layer of a Fourier neural operator (Li et al. 2021)."""

    def __init__(self, channels, modes=6):
        super().__init__()
        self.modes = modes
        self.weight = nn.Parameter(torch.randn(channels, channels, modes, 2) / channels)
        self.local = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        spectrum = torch.fft.rfft(x)
        mixed = torch.einsum("nit,iot->not", spectrum[..., : self.modes], torch.view_as_complex(self.weight))
        full = F.pad(torch.view_as_real(mixed), (0, 0, 0, spectrum.shape[-1] - self.modes))
        return F.gelu(torch.fft.irfft(torch.view_as_complex(full), n=x.shape[-1]) + self.local(x))


class Spectrogram(nn.Module):
    def __init__(self, power=True):
        super().__init__()
        self.register_buffer("window", torch.hann_window(32))
        self.power = power
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 3))

    def forward(self, x):
        z = torch.stft(x, 32, 8, window=self.window, return_complex=True)
        return self.net((z.abs().square() if self.power else torch.log1p(z.abs()))[:, None])


class Pooled(nn.Module):
    """Recurrent layers with attention over time."""

    def __init__(self, kind, **settings):
        super().__init__()
        self.net = kind(3, 8, batch_first=True, **settings)
        width = 8 * (2 if settings.get("bidirectional") else 1)
        self.score = nn.Linear(width, 1)
        self.head = nn.Linear(width, 2)

    def forward(self, x):
        h, _ = self.net(x.transpose(1, 2))
        return self.head((torch.softmax(self.score(h), 1) * h).sum(1))


class Normalised(nn.Module):
    """Reversible instance normalisation (Kim et al. 2022) around a linear forecast, with statistics that carry a derivative."""

    def __init__(self):
        super().__init__()
        self.net = nn.Linear(64, 8)

    def forward(self, x):
        mean, size = x.mean(-1, keepdim=True), torch.sqrt(x.var(-1, keepdim=True, unbiased=False) + 1e-5)
        return self.net((x - mean) / size) * size + mean


class Residual(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return x + self.net(x)


class Swapped(nn.Module):
    def forward(self, x):
        return x.transpose(1, 2)


def head(channels, length=64):
    return nn.Sequential(nn.AdaptiveAvgPool1d(4), nn.Flatten(), nn.Linear(4 * channels, 3))


def along(*layers):
    """Layers that take (n, time, channels), between an embedding and a head."""
    return nn.Sequential(Swapped(), nn.Linear(3, 16), *layers, Swapped(), head(16))


def encoder(norm_first, activation="gelu"):
    layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=norm_first, activation=activation)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


def weighted(layer):
    return nn.utils.parametrizations.weight_norm(layer)


def conv(*args, **settings):
    return nn.Conv1d(*args, **settings)


SIGNAL = (3, 64)
NETWORKS = {
    "S4D": (lambda: nn.Sequential(conv(3, 8, 1), S4D(8), conv(8, 8, 1), S4D(8), head(8)), SIGNAL),
    "S4D complex": (lambda: nn.Sequential(conv(3, 8, 1), S4D(8, complex_numbers=True), head(8)), SIGNAL),
    "Mamba loop": (lambda: along(Residual(nn.Sequential(nn.LayerNorm(16), Selective(16)))), (3, 24)),
    "Mamba sums": (lambda: along(Residual(nn.Sequential(nn.LayerNorm(16), Selective(16, loop=False)))), (3, 24)),
    "FNO": (lambda: nn.Sequential(conv(3, 8, 1), Fourier(8), Fourier(8), head(8)), SIGNAL),
    "STFT power": (Spectrogram, (256,)),
    "STFT logarithm": (lambda: Spectrogram(False), (256,)),
    "LSTM attention": (lambda: Pooled(nn.LSTM, num_layers=2), SIGNAL),
    "LSTM both ways": (lambda: Pooled(nn.LSTM, bidirectional=True), SIGNAL),
    "LSTM without bias": (lambda: Pooled(nn.LSTM, bias=False), SIGNAL),
    "GRU both ways": (lambda: Pooled(nn.GRU, num_layers=2, bidirectional=True), SIGNAL),
    "RNN relu": (lambda: Pooled(nn.RNN, nonlinearity="relu"), SIGNAL),
    "RevIN": (Normalised, SIGNAL),
    "Transformer before": (lambda: along(encoder(True)), SIGNAL),
    "Transformer after": (lambda: along(encoder(False, "relu")), SIGNAL),
    "CNN LSTM": (lambda: nn.Sequential(conv(3, 3, 5), nn.BatchNorm1d(3), nn.ELU(), nn.MaxPool1d(2), Pooled(nn.LSTM)), SIGNAL),
    "CNN weight norm": (lambda: nn.Sequential(weighted(conv(3, 8, 3, dilation=2, padding=2)), nn.PReLU(), nn.AvgPool1d(3, 2, 1), head(8)), SIGNAL),
    "CNN instance norm": (lambda: nn.Sequential(conv(3, 8, 7, padding="same"), nn.InstanceNorm1d(8, affine=True), nn.Mish(), head(8)), SIGNAL),
    "CNN group norm": (lambda: nn.Sequential(conv(3, 8, 7, padding_mode="circular", padding=3), nn.GroupNorm(2, 8), nn.SiLU(), head(8)), SIGNAL),
    "CNN reflect": (lambda: nn.Sequential(nn.ReflectionPad1d(5), conv(3, 8, 7, stride=2), nn.GLU(1), nn.LPPool1d(2, 3), nn.Flatten(), nn.Linear(44, 2)), SIGNAL),
    "Autoencoder": (lambda: nn.Sequential(conv(3, 8, 4, 2, 1), nn.LeakyReLU(), nn.ConvTranspose1d(8, 3, 4, 2, 1), nn.Tanh()), SIGNAL),
    "U-shape": (lambda: nn.Sequential(conv(3, 8, 3, padding=1), nn.AvgPool1d(2), nn.Hardswish(), nn.Upsample(scale_factor=2, mode="linear"), conv(8, 2, 1)), SIGNAL),
}
