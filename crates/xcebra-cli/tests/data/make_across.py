"""Writes across.npz: decoders of scikit-learn that are fitted to one array and read another."""

import sys

import numpy as np
import sklearn
import sklearn.linear_model as linear
from sklearn.metrics import accuracy_score, balanced_accuracy_score, r2_score
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

generator = np.random.default_rng(23)


def animal(samples, shift):
    """An embedding that follows a position, the position in two columns, and in which third of its range it is."""
    position = np.cumsum(generator.normal(size=(samples, 2)), axis=0) % 7.0
    mixing = np.array([[1.0, 0.4, -0.3, 0.2], [-0.5, 1.1, 0.6, 0.1]])
    embedding = position @ mixing + 0.4 * generator.normal(size=(samples, 4)) + shift
    return embedding, position, np.digitize(position[:, 0], [7 / 3, 14 / 3])


first, second = animal(90, 0.0), animal(70, 0.3)
out = {}
for name, (embedding, position, third) in (("first", first), ("second", second)):
    out |= {f"{name}_embedding": embedding, f"{name}_position": position, f"{name}_third": third}

numbers = {
    "knn": KNeighborsRegressor(3),
    "cosine": KNeighborsRegressor(5, metric="cosine", algorithm="brute"),
    "linear": linear.LinearRegression(),
    "ridge": linear.Ridge(alpha=2.0, solver="svd"),
    "lasso": linear.Lasso(alpha=0.1, tol=1e-15, max_iter=1_000_000),
}
for name, model in numbers.items():
    found = model.fit(first[0], first[1]).predict(second[0])
    score = r2_score(second[1], found, multioutput="variance_weighted")
    out |= {f"{name}_decoded": found, f"{name}_score": [score]}
classes = {
    "knn_classes": KNeighborsClassifier(3),
    "logistic": linear.LogisticRegression(C=1.0, solver="newton-cholesky", tol=1e-13, max_iter=1000),
}
for name, model in classes.items():
    found = model.fit(first[0], first[2]).predict(second[0])
    scores = [accuracy_score(second[2], found), balanced_accuracy_score(second[2], found)]
    out |= {f"{name}_decoded": found, f"{name}_score": scores}

np.savez_compressed(sys.argv[1] if len(sys.argv) > 1 else "across.npz", **out)
print("numpy", np.__version__, "scikit-learn", sklearn.__version__)
for name in out:
    if name.endswith("_score"):
        print(name, out[name])
