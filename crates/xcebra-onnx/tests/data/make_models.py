"""Exports small networks from PyTorch, with their values and gradients by its autograd.

Writes <name>.onnx and models.npz. Versions: torch 2.15.0 (CPU), onnx 1.23.2, onnxscript 0.7.2, numpy 2.4.6
(Python 3.11). Weights and inputs are seeded.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from torch import nn

HERE = Path(__file__).parent
torch.set_num_threads(1)


class ConvNet(nn.Module):
    """Convolutions with batch normalisation, pooling and a head."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(2, 6, 5, stride=2, padding=2), nn.BatchNorm1d(6), nn.ReLU(), nn.MaxPool1d(2),
            nn.Conv1d(6, 8, 3, padding=1, groups=2), nn.BatchNorm1d(8), nn.GELU(), nn.AdaptiveAvgPool1d(1),
        )
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.body(x).flatten(1))


class CausalAttention(nn.Module):
    """Dilated causal convolutions, self-attention of two heads, layer norm."""

    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv1d(i, 8, 3, dilation=d) for i, d in ((1, 1), (8, 2), (8, 4)))
        self.qkv = nn.Linear(8, 24)
        self.norm = nn.LayerNorm(8, eps=1e-3)
        self.head = nn.Linear(8, 1)

    def forward(self, x):
        for conv in self.convs:
            x = F.relu(conv(F.pad(x, (2 * conv.dilation[0], 0))))
        x = F.avg_pool1d(x, 4).transpose(1, 2)
        n, t, c = x.shape
        q, k, v = (part.reshape(n, t, 2, c // 2).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        x = (F.softmax(q @ k.transpose(-1, -2) / 2.0, -1) @ v).transpose(1, 2).reshape(n, t, c)
        return self.head(self.norm(x)).flatten(1)


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.layer = kind(3, 5, num_layers=2, batch_first=True, bidirectional=kind is nn.LSTM)
        self.head = nn.Linear(10 if kind is nn.LSTM else 5, 2)

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(3, 8)
        self.position = nn.Parameter(torch.randn(10, 8) * 0.3)
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(8, 2, 12, dropout=0.1, activation="gelu", batch_first=True, norm_first=f) for f in (True, False)
        )
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        x = self.embed(x) + self.position
        for layer in self.layers:
            x = layer(x)
        return self.head(x.mean(1))


class Autoencoder(nn.Module):
    """Output of several axes; transposed convolutions, instance and group normalisation."""

    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv1d(2, 4, 4, 2, 1), nn.InstanceNorm1d(4, affine=True), nn.ELU(), nn.Conv1d(4, 6, 4, 2, 1))
        self.up = nn.Sequential(
            nn.GroupNorm(2, 6), nn.SiLU(), nn.Upsample(scale_factor=2, mode="linear"), nn.Conv1d(6, 4, 3, padding=1, padding_mode="reflect"),
            nn.Mish(), nn.ConvTranspose1d(4, 2, 4, 2, 1),
        )

    def forward(self, x):
        return self.up(self.down(x))


MODELS = {
    "conv_net": (ConvNet, (2, 32)),
    "causal_attention": (CausalAttention, (1, 32)),
    "lstm": (lambda: Recurrent(nn.LSTM), (12, 3)),
    "gru": (lambda: Recurrent(nn.GRU), (12, 3)),
    "transformer": (Transformer, (10, 3)),
    "autoencoder": (Autoencoder, (2, 16)),
}


def main():
    arrays = {}
    for seed, (name, (make, shape)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        net = make()
        for module in net.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 1.5)
        net.eval()
        x = torch.randn(3, *shape)
        torch.onnx.export(
            net, (x,), HERE / f"{name}.onnx", input_names=["x"], output_names=["y"],
            dynamic_shapes=({0: torch.export.Dim("N", min=1, max=4096)},), dynamo=True, opset_version=18, external_data=False,
        )
        model = onnx.load(HERE / f"{name}.onnx")
        # what no reader needs: traces of the exporter's source lines
        for part in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer):
            del part.metadata_props[:]
        del model.graph.value_info[:]
        onnx.save(model, HERE / f"{name}.onnx")
        print(name, (HERE / f"{name}.onnx").stat().st_size, sorted({n.op_type for n in model.graph.node}))
        x64 = x.double().requires_grad_()
        y = net.double()(x64)
        cotangent = torch.randn_like(y)
        (gradient,) = torch.autograd.grad((y * cotangent).sum(), x64)
        arrays |= {f"{name}.x": x64.detach().numpy(), f"{name}.y": y.detach().flatten(1).numpy(),
                   f"{name}.cotangent": cotangent.flatten(1).numpy(), f"{name}.gradient": gradient.numpy()}
    np.savez_compressed(HERE / "models.npz", **arrays)


if __name__ == "__main__":
    main()
