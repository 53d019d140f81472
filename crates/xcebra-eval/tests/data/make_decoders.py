"""Writes decoders.npz: decoders of scikit-learn, disparities of scipy, consistency of cebra."""

import os
import sys

import numpy as np
import scipy.spatial
import sklearn.linear_model as linear
import sklearn.metrics as metrics
import sklearn.model_selection as selection

import cebra.integrations.sklearn.metrics as cebra_metrics

generator = np.random.default_rng(17)
out = {}

# x drives y by some of its columns, which are neither centred nor of one scale, and depend on each other
n, held, p = 90, 30, 6
x = generator.normal(size=(n + held, p)) * [1.0, 3.0, 0.5, 1.0, 2.0, 1.0] + [5.0, 0.0, -2.0, 0.0, 1.0, 0.0]
x[:, 5] = x[:, 0] + 0.3 * x[:, 5]
weights = np.array([[1.5, 0.0, -2.0, 0.0, 0.3, 0.0], [0.0, 0.7, 0.0, 0.0, 0.0, -1.0]])
y = x @ weights.T + 0.5 * generator.normal(size=(n + held, 2)) + [10.0, -3.0]
out |= {"x": x[:n], "y": y[:n], "x_held": x[n:], "y_held": y[n:]}

for alpha in (0.01, 1.0, 50.0):
    fit = linear.Ridge(alpha=alpha, solver="svd").fit(x[:n], y[:n])
    out |= {f"ridge_{alpha}_coef": fit.coef_, f"ridge_{alpha}_held": fit.predict(x[n:])}
for alpha in (0.001, 0.1, 1.0):
    fit = linear.Lasso(alpha=alpha, tol=1e-15, max_iter=1_000_000).fit(x[:n], y[:n])
    out |= {f"lasso_{alpha}_coef": fit.coef_, f"lasso_{alpha}_held": fit.predict(x[n:])}
# fewer samples than columns
fit = linear.Lasso(alpha=0.05, tol=1e-15, max_iter=1_000_000).fit(x[:4], y[:4])
out |= {"lasso_few_coef": fit.coef_}

score = x[:, 0] - 5.0 + 0.5 * x[:, 1] + 0.5 * generator.normal(size=n + held)
for count in (2, 4):
    classes = np.digitize(score, np.quantile(score, np.arange(1, count) / count))
    out |= {f"class_{count}": classes[:n], f"class_{count}_held_true": classes[n:]}
    for c in (0.05, 1.0, 20.0):
        fit = linear.LogisticRegression(C=c, solver="newton-cholesky", tol=1e-13, max_iter=1000)
        fit.fit(x[:n], classes[:n])
        name = f"logistic_{count}_{c}"
        guess = fit.predict(x[n:])
        out |= {
            f"{name}_coef": fit.coef_,
            f"{name}_held": fit.predict_proba(x[n:]),
            f"{name}_class": guess,
            f"{name}_accuracy": [metrics.accuracy_score(classes[n:], guess)],
            f"{name}_balanced": [metrics.balanced_accuracy_score(classes[n:], guess)],
        }

# first sample of each test block, and where the last one ends
for samples, folds in ((10, 3), (120, 7)):
    tests = [test for _, test in selection.KFold(folds).split(np.zeros(samples))]
    out[f"fold_{samples}_{folds}"] = [test[0] for test in tests] + [tests[-1][-1] + 1]

# embeddings of one thing in other bases, of other lengths, with a label
labels, embeddings = [], []
for k, length in enumerate((400, 520, 460)):
    label = generator.uniform(0.0, 2.0 + 0.015 * k, size=length)
    base = np.stack([np.cos(2 * label), np.sin(2 * label), label], axis=1)
    turned = base @ generator.normal(size=(3, 3)) + 0.1 * generator.normal(size=(length, 3))
    labels.append(label)
    embeddings.append(turned)
    out |= {f"embedding_{k}": turned, f"label_{k}": label}
for bins in (20, 100):
    found, pairs, _ = cebra_metrics.consistency_score(
        [e.copy() for e in embeddings], between="datasets", labels=[l.copy() for l in labels],
        num_discretization_bins=bins,
    )
    out |= {f"datasets_{bins}": found, f"datasets_{bins}_pairs": pairs}
found, pairs, _ = cebra_metrics.consistency_score(
    [e.copy() for e in embeddings], between="datasets", labels=[l.copy() for l in labels], dataset_ids=[0, 0, 1],
)
out |= {"datasets_grouped": found}
runs = [e[:400] for e in embeddings]
found, pairs, _ = cebra_metrics.consistency_score(runs, between="runs")
out |= {"runs": found, "runs_pairs": pairs}
out["disparity"] = [
    [scipy.spatial.procrustes(a, b)[2] for b in runs] for a in runs
]

folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
arrays = {k: np.ascontiguousarray(v, dtype=float) for k, v in out.items()}
np.savez(os.path.join(folder, "decoders.npz"), **arrays)
