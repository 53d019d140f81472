"""The code of the README runs as it stands there."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]


def test_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 2
    names: dict = {}
    for block in blocks:
        exec(compile(block, "README.md", "exec"), names)
    assert names["bands"].values.shape == (10, 1, 3)
    assert (tmp_path / "run" / "model.safetensors").is_file()


def test_sources_are_of_the_oldest_python():
    import ast

    for path in (ROOT / "python").rglob("*.py*"):
        if path.suffix in (".py", ".pyi"):
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 10))


def test_every_public_name_is_documented():
    import inspect

    import xcebra

    for name in xcebra.__all__:
        thing = getattr(xcebra, name)
        if not name.startswith("_"):
            assert inspect.getdoc(thing), name
