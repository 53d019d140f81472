"""Writes shoulder.csv from the watch_dataset.npy that PyPI's seglearn 1.2.5 carries.

pip download --no-deps seglearn==1.2.5 && unzip seglearn-*.whl
python convert.py seglearn/data/watch_dataset.npy > shoulder.csv       (needs numpy)
"""

import hashlib
import sys

import numpy as np

SUBJECT, RIGHT = 6, 1
SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"

# the file is a pickle, which may run code: read it only if it is the known one
path = sys.argv[1]
with open(path, "rb") as file:
    if hashlib.sha256(file.read()).hexdigest() != SHA256:
        sys.exit(f"{path} is not the file of seglearn 1.2.5")
data = np.load(path, allow_pickle=True).item()

print("acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,exercise")
for exercise in range(len(data["y_labels"])):
    chosen = (data["subject"] == SUBJECT) & (data["side"] == RIGHT) & (data["y"] == exercise)
    (index,) = np.flatnonzero(chosen)
    for row in data["X"][index]:
        print(",".join([f"{value:.3f}" for value in row] + [str(exercise)]))
