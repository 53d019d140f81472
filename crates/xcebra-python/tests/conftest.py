"""Models that several tests explain."""

import signal
import threading

import numpy as np
import pytest

import xcebra


def wave(hz, n=64, fs=64):
    """A sine of whole periods."""
    return np.sin(2 * np.pi * hz * np.arange(n) / fs)


class Tanh(xcebra.models.Model):
    """``tanh(W x)`` of flattened signals, with gradient and Jacobian by hand."""

    def __init__(self, outputs=3, shape=(2, 16), seed=0):
        size = int(np.prod(shape))
        self.weights = np.random.default_rng(seed).normal(size=(outputs, size)) / np.sqrt(size)
        self.input_shape, self.output_shape = shape, (outputs,)

    def forward(self, x):
        return np.tanh(x.reshape(len(x), -1) @ self.weights.T)

    def value_and_vjp(self, x, cotangent):
        value = self.forward(x)
        return value, ((cotangent * (1 - value**2)) @ self.weights).reshape(x.shape)


@pytest.fixture
def tanh():
    return Tanh()


@pytest.fixture
def signals():
    return np.random.default_rng(1).normal(size=(4, 2, 16))


@pytest.fixture
def ctrl_c():
    """Presses Ctrl-C after this many seconds, also where a shell ignores it for what runs in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timers = []

    def press(seconds):
        timers.append(threading.Timer(seconds, signal.raise_signal, [signal.SIGINT]))
        timers[-1].start()

    yield press
    for timer in timers:
        timer.join()
    signal.signal(signal.SIGINT, before)
