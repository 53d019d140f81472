"""Writes the encoders in `cebra/`: CEBRA's own models, their state_dict and what they compute.

    pip install cebra==0.6.1 torch==2.15.0 safetensors==0.8.0 numpy==2.4.6
    python make_cebra_encoders.py

One file a model, named after it: its state_dict (double precision), the batch `reference.x`
(n, channels) or (n, channels, window), its outputs `reference.y` (n, outputs), their derivatives in
x `reference.jacobian` (n, outputs, …), and for convolutions a longer recording `reference.recording`
(channels, time) with the outputs `reference.embedding` (outputs, time - window + 1). For convolutions that
normalise also the same weights in CEBRA's class with `normalize=False`, which has no name there:
`reference.raw` and `reference.raw_jacobian`. `offset18-model` is no model of CEBRA: it is built of its
layers by its rule. For the models in PENALISED also CEBRA's exact JacobianReg on the batch, `reference.penalty` (1,), and its gradient
in every tensor, `gradient.` before the tensor's name.
"""

from pathlib import Path

import cebra.data
import cebra.models
import torch
from cebra.models.jacobian_regularizer import JacobianReg
from cebra.models.model import ConvolutionalModelMixin, _OffsetModel
from safetensors.torch import save_file

CHANNELS, UNITS, OUTPUTS, SAMPLES = 3, 4, 2, 2
MODELS = [
    "offset1-model",
    "offset1-model-v2",
    "offset1-model-v3",
    "offset1-model-v4",
    "offset1-model-v5",
    "offset1-model-mse",
    "offset1-model-mse-tanh",
    "offset1-model-mse-clip-1-1",
    "offset1-model-mse-v2-2layers",
    "offset1-model-mse-resnet-2layers",
    "offset1-model-mse-resnet-1layers-tanh",
    "offset5-model",
    "offset10-model",
    "offset10-model-mse",
    "offset10-model-mse-tanh",
    "offset15-model",
    "offset20-model",
    "offset36-model",
    "offset36-model-more-dropout",
    "offset40-model",
    "offset50-model",
    "offset18-model",
]
PENALISED = ["offset1-model-v4", "offset5-model", "offset10-model-mse", "offset10-model-mse-tanh"]


@cebra.models.register("offset18-model")
class Offset18(_OffsetModel, ConvolutionalModelMixin):
    def __init__(self, num_neurons, num_units, num_output, normalize=True):
        super().__init__(
            torch.nn.Conv1d(num_neurons, num_units, 2),
            torch.nn.GELU(),
            *self._make_layers(num_units, num_layers=7),
            torch.nn.Conv1d(num_units, num_output, 3),
            num_input=num_neurons,
            num_output=num_output,
            normalize=normalize,
        )

    def get_offset(self):
        return cebra.data.Offset(9, 9)


def jacobian_of(model, x):
    rows = [torch.autograd.functional.jacobian(lambda s: model(s[None])[0], s) for s in x]
    return torch.stack(rows)


def raw(name, model, x):
    """The model without its normalisation."""
    other = cebra.models.init(name, CHANNELS, UNITS, OUTPUTS, normalize=False).double().eval()
    other.load_state_dict(model.state_dict())
    return {"reference.raw": other(x).detach(), "reference.raw_jacobian": jacobian_of(other, x)}


def penalty(model, x):
    x = x.clone().requires_grad_()
    value = JacobianReg(n=-1)(x, model(x))
    names, parameters = zip(*model.named_parameters())
    # the last bias has none: the Jacobian does not depend on it
    gradients = torch.autograd.grad(value, parameters, allow_unused=True, materialize_grads=True)
    named = {f"gradient.{name}": gradient for name, gradient in zip(names, gradients)}
    return {"reference.penalty": value.detach().reshape(1)} | named


def main():
    folder = Path(__file__).parent / "cebra"
    torch.set_default_dtype(torch.float64)
    for seed, name in enumerate(MODELS):
        torch.manual_seed(seed)
        model = cebra.models.init(name, CHANNELS, UNITS, OUTPUTS).double().eval()
        window = len(model.get_offset())
        shape = (CHANNELS,) if window == 1 else (CHANNELS, window)
        # wide enough for GELU to bend, for tanh and the clip to bite
        x = 2 * torch.randn(SAMPLES, *shape)
        jacobian = jacobian_of(model, x)
        # the models tie some layers; the format refuses shared memory
        tensors = {key: value.clone() for key, value in model.state_dict().items()}
        tensors |= {"reference.x": x, "reference.y": model(x).detach(), "reference.jacobian": jacobian}
        if window > 1:
            recording = 2 * torch.randn(CHANNELS, window + 4)
            tensors |= {
                "reference.recording": recording,
                "reference.embedding": model(recording[None])[0].detach(),
            }
            if model.normalize:
                tensors |= raw(name, model, x)
        if name in PENALISED:
            tensors |= penalty(model, x)
        save_file({key: value.contiguous() for key, value in tensors.items()}, folder / f"{name}.safetensors")


if __name__ == "__main__":
    main()
