"""Exports small networks from Keras, with their values and gradients by TensorFlow.

Writes keras_<name>.onnx and keras.npz. Versions: keras 3.15.1, tensorflow-cpu 2.21.0, tf2onnx 1.17.0, onnx 1.23.2, numpy 2.4.6
(Python 3.11). Weights and inputs are seeded.
"""

import os
from pathlib import Path

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import onnx
import tensorflow as tf
from keras import layers

HERE = Path(__file__).parent


def chain(shape, *steps):
    x = first = keras.Input(shape)
    for step in steps:
        x = step(x)
    return keras.Model(first, x)


def tcn():
    """Dilated causal convolutions, batch normalisation, global average."""
    steps = []
    for dilation, activation in ((1, "relu"), (2, "elu"), (4, "tanh")):
        steps += [layers.Conv1D(6, 3, padding="causal", dilation_rate=dilation, activation=activation), layers.BatchNormalization()]
    return chain((40, 2), *steps, layers.GlobalAveragePooling1D(), layers.Dense(2, activation="softmax"))


def attention():
    """A block of a transformer."""
    first = keras.Input((10, 3))
    x = layers.Dense(8)(first)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    x = layers.LayerNormalization()(x + layers.Dense(8)(layers.Dense(12, activation="relu")(x)))
    return keras.Model(first, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


def eegnet():
    """Temporal, spatial (depthwise) and separable convolutions over (channels, time, 1)."""
    return chain(
        (4, 32, 1),
        layers.Conv2D(3, (1, 8), padding="same", use_bias=False), layers.BatchNormalization(),
        layers.DepthwiseConv2D((4, 1), depth_multiplier=2, use_bias=False), layers.BatchNormalization(), layers.Activation("elu"),
        layers.AveragePooling2D((1, 4)), layers.Dropout(0.5),
        layers.SeparableConv2D(5, (1, 4), padding="same", use_bias=False), layers.BatchNormalization(), layers.Activation("elu"),
        layers.AveragePooling2D((1, 4)), layers.Flatten(), layers.Dense(3, activation="softmax"),
    )


MODELS = {
    "tcn": tcn,
    "lstm": lambda: chain((12, 3), layers.LSTM(5), layers.Dense(2)),
    # all but a plain LSTM is written as a loop over time; reset_after is the default
    "gru": lambda: chain((8, 3), layers.GRU(4, return_sequences=True), layers.Dense(2)),
    "gru_before": lambda: chain((8, 3), layers.GRU(4, reset_after=False), layers.Dense(2)),
    "bidirectional": lambda: chain((8, 3), layers.Bidirectional(layers.LSTM(3, return_sequences=True)), layers.Flatten(), layers.Dense(2)),
    "attention": attention,
    "separable": lambda: chain((30, 3), layers.SeparableConv1D(6, 5, padding="same", activation="relu"), layers.AveragePooling1D(2),
                               layers.SeparableConv1D(4, 3, depth_multiplier=2), layers.Flatten(), layers.Dense(2)),
    "eegnet": eegnet,
    "transposed": lambda: chain((12, 2), layers.Conv1D(4, 4, strides=2, padding="same", activation="relu"),
                                layers.Conv1DTranspose(2, 4, strides=2, padding="same")),
}


def made(make, weights=None):
    """The model; its weights drawn anew, of which those of a normalisation are not what training begins with, or as given."""
    model = make()
    if weights is None:
        rng = np.random.default_rng(0)
        weights = []
        for variable in model.weights:
            drawn = rng.normal(0, 0.4, variable.shape)
            weights.append(0.5 + np.abs(drawn) if variable.name in ("moving_variance", "gamma") else drawn)
        weights = [np.float32(w) for w in weights]
    model.set_weights(weights)
    model(np.zeros((1, *model.input_shape[1:])))  # an export wants one call
    return model, weights


def main():
    arrays = {}
    for seed, (name, make) in enumerate(MODELS.items()):
        keras.config.set_dtype_policy("float32")
        model, weights = made(make)
        path = HERE / f"keras_{name}.onnx"
        model.export(path, format="onnx", verbose=False)
        print(name, path.stat().st_size, sorted({n.op_type for n in onnx.load(path).graph.node}))
        keras.config.set_dtype_policy("float64")
        model, _ = made(make, weights)
        rng = np.random.default_rng(seed)
        x = tf.constant(rng.normal(size=(2, *model.input_shape[1:])))
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = model(x, training=False)
            cotangent = rng.normal(size=y.shape)
            total = tf.reduce_sum(y * cotangent)
        gradient = tape.gradient(total, x)
        arrays |= {f"{name}.x": x.numpy(), f"{name}.y": y.numpy().reshape(2, -1),
                   f"{name}.cotangent": cotangent.reshape(2, -1), f"{name}.gradient": gradient.numpy()}
    np.savez_compressed(HERE / "keras.npz", **arrays)


if __name__ == "__main__":
    main()
