"""The networks of `zoo.py` that are Keras models, on PyTorch. The reference is the same model in double precision with the same weights."""

import keras
import torch
from keras import layers as L

SHAPE = (48, 3)


def made(stack):
    def build():
        models = []
        for kind in ("float32", "float64"):
            keras.config.set_dtype_policy(kind)
            keras.utils.set_random_seed(0)
            inputs = keras.Input(SHAPE, dtype=kind)
            models.append(keras.Model(inputs, stack(inputs)))
        keras.config.set_dtype_policy("float32")
        models[1].set_weights(models[0].get_weights())
        generator = torch.Generator().manual_seed(1)
        return models[0].eval(), models[1].eval(), torch.randn(2, *SHAPE, generator=generator)

    return build


def chain(*makers):
    """Layers one after the other; they are made anew for each precision."""

    def stack(x):
        for make in makers:
            x = make()(x)
        return x

    return made(stack)


def end():
    return [L.GlobalAveragePooling1D, lambda: L.Dense(3, activation="softmax")]


def residual(x):
    y = L.Conv1D(3, 5, padding="causal", dilation_rate=2, activation="relu")(x)
    y = L.SpatialDropout1D(0.2)(L.LayerNormalization()(y))
    return L.Dense(2)(L.Flatten()(L.add([x, y])))


def transformer(x):
    x = L.Dense(8)(x)
    x = L.LayerNormalization()(L.add([x, L.MultiHeadAttention(2, 4)(x, x)]))
    x = L.LayerNormalization()(L.add([x, L.Dense(8)(L.Dense(16, activation="gelu")(x))]))
    return L.Dense(2)(L.GlobalMaxPooling1D()(x))


def eegnet(x):
    x = L.Reshape((48, 3, 1))(x)
    x = L.BatchNormalization()(L.Conv2D(4, (9, 1), padding="same", use_bias=False)(x))
    x = L.Activation("elu")(L.BatchNormalization()(L.DepthwiseConv2D((1, 3), depth_multiplier=2)(x)))
    x = L.SeparableConv2D(4, (5, 1), padding="same")(L.AveragePooling2D((4, 1))(x))
    return L.Dense(2)(L.Flatten()(x))


NETWORKS = {
    "Conv1D": chain(lambda: L.Conv1D(8, 5, activation="relu"), lambda: L.MaxPooling1D(2), L.BatchNormalization, *end()),
    "Conv1D same": chain(lambda: L.Conv1D(8, 4, 2, padding="same", activation="swish"), *end()),
    "Conv1D transposed": chain(lambda: L.Conv1D(4, 4, 2, padding="same"), lambda: L.Conv1DTranspose(3, 4, 2, padding="same", activation="tanh")),
    "Depthwise": chain(lambda: L.DepthwiseConv1D(5, depth_multiplier=2, activation="selu"), *end()),
    "Separable": chain(lambda: L.SeparableConv1D(8, 5, activation="gelu"), lambda: L.AveragePooling1D(3, 2, "same"), *end()),
    "LSTM": chain(lambda: L.LSTM(8), lambda: L.Dense(2)),
    "LSTM stacked": chain(lambda: L.LSTM(8, return_sequences=True), lambda: L.LSTM(4, go_backwards=True), lambda: L.Dense(2)),
    "GRU": chain(lambda: L.GRU(8), lambda: L.Dense(2)),
    "GRU reset before": chain(lambda: L.GRU(8, reset_after=False), lambda: L.Dense(2)),
    "SimpleRNN": chain(lambda: L.SimpleRNN(8), lambda: L.Dense(2)),
    "Bidirectional": chain(lambda: L.Bidirectional(L.LSTM(6, return_sequences=True)), L.GlobalAveragePooling1D, lambda: L.Dense(2)),
    "TimeDistributed": chain(lambda: L.TimeDistributed(L.Dense(6, activation="softsign")), lambda: L.GRU(4), lambda: L.Dense(2)),
    "Residual": made(residual),
    "Transformer": made(transformer),
    "EEGNet": made(eegnet),
    "Upsampling": chain(lambda: L.Conv1D(4, 3, padding="same"), lambda: L.UpSampling1D(2), lambda: L.Cropping1D(3), lambda: L.ZeroPadding1D(1), *end()),
    "GroupNormalization": chain(lambda: L.Dense(8), lambda: L.GroupNormalization(4), L.PReLU, *end()),
    "UnitNormalization": chain(lambda: L.Dense(8, activation="softplus"), L.UnitNormalization, L.Flatten, lambda: L.Dense(2)),
}
NETWORKS = {f"keras/{name}": build for name, build in NETWORKS.items()}
