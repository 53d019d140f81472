"""Arrays of types that are refused, the advice on each, and what numpy makes of it by that advice.

python3 make_refused.py    # needs numpy; README.md says which version
"""
import json
import pathlib

import numpy as np
import numpy.lib.recfunctions  # noqa: F401  the advice uses it by its full name

HERE = pathlib.Path(__file__).parent
objects = np.array([1, 2.5, None], dtype=object)
classes = np.array(["left", "right", "left"])
REFUSED = {
    "structured": (np.array([(1, 2.5), (3, 4)], dtype=[("a", "i4"), ("b", "f8")]),
                   "numpy.lib.recfunctions.structured_to_unstructured(array)"),
    "nested": (np.array([((1, 2), 3)], dtype=[("p", [("x", "f8"), ("y", "f8")]), ("q", "i4", (2,))]),
               "numpy.lib.recfunctions.structured_to_unstructured(array)"),
    "mixed": (np.array([(1, "left", 2j, 2.5)], dtype=[("a", "i4"), ("name", "U5"), ("c", "c16"), ("b", "f8")]),
              "numpy.lib.recfunctions.structured_to_unstructured(array[['a', 'b']])"),
    "classes": (classes, "numpy.unique(array, return_inverse=True)[1]"),
    "bytes": (classes.astype("S"), "numpy.unique(array, return_inverse=True)[1]"),
    "numbers_as_text": (np.array(["1.5", "2"]), "array.astype('float64')"),
    "objects": (objects, "array.astype('float64')"),
    "class_objects": (classes.astype(object), "numpy.unique(array.astype(str), return_inverse=True)[1]"),
    "complex": (np.array([3 + 4j, 1]), "numpy.abs(array)"),
    "complex_parts": (np.array([3 + 4j, 1], dtype="c8"), "numpy.stack([array.real, array.imag], axis=-1)"),
    "dates": (np.array(["2024-01-01", "2024-01-02T00:00:00.5"], dtype="M8[ms]"),
              "(array - array.min()) / numpy.timedelta64(1, 's')"),
    "deltas": (np.array([1, 2500], dtype="m8[ms]"), "array / numpy.timedelta64(1, 's')"),
    "half": (np.array([1, 2.5], dtype="f2"), "array.astype('float64')"),
    "extended": (np.array([1, 2.5], dtype=np.longdouble), "array.astype('float64')"),
    "beyond": (np.array([2**63, 1], dtype="u8"), "array.astype('float64')"),
}
np.savez(HERE / "numpy_refused.npz", **{name: array for name, (array, _) in REFUSED.items()})
np.savez(HERE / "numpy_advised.npz", **{name: eval(code, {"numpy": np, "array": array})
                                        for name, (array, code) in REFUSED.items()})
advice = {name: code for name, (_, code) in REFUSED.items()}
(HERE / "numpy_advice.json").write_text(json.dumps(advice, indent=0) + "\n")
