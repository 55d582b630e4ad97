"""The walls of the house and its seven invariants: who may import whom, and what always holds."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sample_archives import small_run

from archive import Archive, verify, write_archive
from reproduction.data.pickles import read_pickle
from reproduction.definition.experiment import assemble, built_in_names, find_texts
from reproduction.errors import DataError

ROOT = Path(__file__).parents[1]
ROOMS = ("archive", "reproduction", "app", "assets")
QT = {"PySide6", "shiboken6", "pyqtgraph", "PyQt5", "PyQt6"}
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}


def sources(*folders: str) -> list[Path]:
    """All Python files of the folders, relative to the root."""
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), str(path))


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> Iterator[str]:
    """Dotted names of everything that a file imports, anywhere in it: also inside functions."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported(path)}


def called(node: ast.AST) -> str:
    """The dotted name that a call calls, as written; "" for anything else."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def loaded_after_importing(modules: list[str]) -> set[str]:
    """Top-level packages that a fresh process has loaded once it has imported `modules`."""
    code = f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
    code += "print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


# The walls


STANDARD = {*sys.stdlib_module_names, "__future__"}
MAY_IMPORT = {
    "archive": STANDARD | {"archive", "numpy", "h5py"},
    "reproduction": STANDARD
    | {"reproduction", "archive", "assets", "torch", "numpy", "PIL", "h5py", "bootstrap"},
    "app": STANDARD | QT | {"app", "archive", "assets", "reproduction", "numpy"},
    "assets": STANDARD,
    "bootstrap": STANDARD | {"bootstrap"},
}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    strangers = {str(path): packages(path) - MAY_IMPORT[room] for path in sources(room)}
    assert not {path: names for path, names in strangers.items() if names}


def test_definitions_are_read_without_torch_or_h5py() -> None:
    modules = [module_name(path) for path in sources("reproduction/definition")]
    assert not loaded_after_importing(modules) & ({"torch", "h5py"} | QT)


def test_the_measures_of_filters_need_no_torch() -> None:
    modules = [module_name(path) for path in sources("reproduction/analysis")]
    assert not loaded_after_importing(modules) & ({"torch"} | QT)


# 1. An archive on disk is always complete


def test_invariant_1_an_archive_is_whole_whenever_its_writer_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    write_archive(path, small_run(seed=0))
    code = "import sys\nfrom archive import write_archive\nfrom sample_archives import small_run\n"
    code += (
        "for seed in range(1, 10**6): write_archive(sys.argv[1], small_run(seed)); print(seed, flush=True)"
    )
    for moment_s in (0.0, 0.01, 0.023):
        command = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(moment_s)
            writer.kill()
        assert verify(path) == []
    with Archive(path) as archive:
        assert archive.state["seed"] > 0


def test_invariant_1_no_code_opens_an_hdf5_file_to_change_it() -> None:
    for path in sources(*ROOMS):
        for node in ast.walk(tree_of(path)):
            if called(node).endswith("h5py.File"):
                words = ast.unparse(node)
                assert "'r+'" not in words and "'a'" not in words, f"{path}:{node.lineno}"


# 2. Networks are data


@pytest.mark.parametrize("name", built_in_names())
def test_invariant_2_every_network_is_three_texts_that_one_reader_reads(name: str) -> None:
    experiment = assemble(find_texts(name))
    assert experiment.name == name
    assert experiment.network.parameter_count > 0


def test_invariant_2_no_code_asks_for_a_network_by_name() -> None:
    names = set(built_in_names())
    assert names
    for path in sources(*ROOMS):
        for node in ast.walk(tree_of(path)):
            asked: list[ast.expr | None] = []
            if isinstance(node, ast.Compare):
                asked = [node.left, *node.comparators]
            elif isinstance(node, ast.Dict):
                asked = list(node.keys)
            elif isinstance(node, ast.MatchValue):
                asked = [node.value]
            constants = {
                part.value for one in asked if one for part in ast.walk(one) if isinstance(part, ast.Constant)
            }
            assert not constants & names, f"{path}:{node.lineno} asks for a network by name"


# 3. A Network is a value


def test_invariant_3_a_network_and_all_it_is_made_of_are_frozen() -> None:
    for path in sources("reproduction/definition"):
        module = importlib.import_module(module_name(path))
        for value in vars(module).values():
            if isinstance(value, type) and dataclasses.is_dataclass(value):
                if value.__name__ in ("Network", "Recipe", "Experiment", "Texts", "Parameters", "UpdateRule"):
                    assert value.__dataclass_params__.frozen, value  # type: ignore[attr-defined]
    network = assemble(find_texts(built_in_names()[0])).network
    for part in (network, *network.layers):
        for field in dataclasses.fields(part):
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(part, field.name, None)


@pytest.mark.parametrize("name", built_in_names())
def test_invariant_3_the_layers_name_is_the_key_everywhere(name: str) -> None:
    experiment = assemble(find_texts(name))
    names = [layer.name for layer in experiment.network.layers]
    assert len(set(names)) == len(names)
    assert all(experiment.network[layer].name == layer for layer in names)
    resolved = experiment.to_json()
    assert [layer["name"] for layer in resolved["layers"]] == names
    for layer in resolved["layers"]:
        assert all(array.startswith(f"{layer['name']}/weights_") for array in layer.get("weights", {}))


# 4. Reading never runs

RUNNING = {
    "eval",
    "exec",
    "compile",
    "__import__",
    "os.system",
    "marshal.loads",
    "yaml.load",
    "runpy.run_path",
}
UNPICKLING = {"pickle.load", "pickle.loads", "pickle.Unpickler", "shelve.open"}


def test_invariant_4_no_code_runs_what_a_file_says() -> None:
    for path in sources(*ROOMS):
        for node in ast.walk(tree_of(path)):
            name, words = called(node), ast.unparse(node) if isinstance(node, ast.Call) else ""
            where = f"{path}:{getattr(node, 'lineno', 0)}: {words[:80]}"
            assert name not in RUNNING | UNPICKLING, where
            assert name != "torch.load" or "weights_only=True" in words, where
            assert "allow_pickle=True" not in words and "shell=True" not in words, where


def test_invariant_4_no_code_imports_an_unpickler() -> None:
    for path in sources(*ROOMS):
        assert not packages(path) & {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}, path


def test_invariant_4_the_reader_of_pickles_can_neither_import_nor_call_by_name() -> None:
    for reader in sources("archive/exchange"):
        assert not packages(reader) & {"importlib", "sys", "builtins", "operator", "functools", "codecs"}
        for node in ast.walk(tree_of(reader)):
            assert called(node) not in {"getattr", "setattr", "globals", "vars", "__import__"}


class Bomb:
    """A pickle of it calls `os.mkdir` when it is read in the ordinary way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


def test_invariant_4_a_pickled_call_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        read_pickle(pickle.dumps({"data": Bomb(tmp_path / "made")}), "data_batch_1")
    assert not (tmp_path / "made").exists()


# 5. The app's process never imports torch


def test_invariant_5_no_module_of_the_app_brings_torch_with_it() -> None:
    modules = [module_name(path) for path in sources("app") if path.name != "__main__.py"]
    reached = {name for path in sources("app") for name in imported(path) if name.startswith("reproduction.")}
    for name in sorted(reached):
        as_file = ROOT / (name.replace(".", "/") + ".py")
        modules.append(
            name if as_file.exists() or as_file.with_suffix("").is_dir() else name.rpartition(".")[0]
        )
    assert "torch" not in loaded_after_importing(modules)


def test_invariant_5_starting_the_command_imports_neither_qt_nor_torch_nor_h5py() -> None:
    assert not loaded_after_importing(["app.command"]) & ({"torch", "h5py", "numpy"} | QT)


# 6. Kernels are reached only as torch operators, each with a reference in plain torch

NATIVE = {"ctypes", "cffi", "pybind11", "triton", "numba", "cupy"}


def operators() -> list[Path]:
    """Files that define an operator of their own: an autograd function or a registered operator."""
    return [
        path
        for path in sources("reproduction")
        if any(
            isinstance(node, ast.ClassDef)
            and any("autograd.Function" in ast.unparse(base) for base in node.bases)
            for node in ast.walk(tree_of(path))
        )
        or any(called(node) == "operators.define" for node in ast.walk(tree_of(path)))
    ]


@pytest.mark.parametrize("path", operators(), ids=str)
def test_invariant_6_every_operator_is_held_to_an_independent_reference(path: Path) -> None:
    test = Path("tests", *path.parts[1:-1], f"test_{path.name}")
    assert (ROOT / test).exists(), f"{path} defines an operator, {test} is missing"
    mine = [name for name in imported(test) if name.startswith(module_name(path) + ".")]
    assert mine, f"{test} does not test {path}"
    references = {name for name in packages(test) if name.endswith("references")}
    assert references, f"{test} compares with no reference"
    assert "gradient" in (ROOT / test).read_text(encoding="utf-8"), f"{test} tests no gradient"


def test_invariant_6_the_references_know_neither_torch_nor_the_program() -> None:
    assert operators(), "no operator was found: does the search still fit the code?"
    for path in Path(ROOT, "tests", "model").glob("*references.py"):
        assert not packages(path.relative_to(ROOT)) & {"torch", "reproduction"}, path


def test_invariant_6_native_code_is_loaded_nowhere_but_in_the_kernels() -> None:
    for path in sources("reproduction"):
        if path.parts[1] != "kernels":
            assert not packages(path) & NATIVE, path
            assert not any(name.startswith("torch.utils.cpp_extension") for name in imported(path)), path


def test_invariant_6_operators_are_made_known_to_torch_in_one_place() -> None:
    for path in sources("reproduction"):
        names = {called(node) for node in ast.walk(tree_of(path))} | set(imported(path))
        known = path == Path("reproduction/kernels/operators.py")
        assert known or not any(name.startswith("torch.library") for name in names), path


# 7. No view knows another view


def test_invariant_7_no_room_knows_another_room_or_the_window() -> None:
    rooms = [path for path in sources("app/rooms") if path.name != "__init__.py"]
    assert rooms
    for path in rooms:
        others = {module_name(other) for other in rooms} - {module_name(path)}
        for name in imported(path):
            assert not any(name == other or name.startswith(other + ".") for other in others), (
                f"{path}: {name}"
            )
            assert not name.startswith(("app.main_window", "app.museum", "app.start")), f"{path}: {name}"


def test_invariant_7_a_widget_knows_no_room_and_no_window() -> None:
    for path in sources("app/widgets"):
        assert not [name for name in imported(path) if name.startswith(("app.rooms", "app.main_window"))], (
            path
        )


@pytest.mark.parametrize("name", ["document", "worker"])
def test_invariant_7_what_the_views_share_knows_no_view(name: str) -> None:
    for module in imported(Path("app", f"{name}.py")):
        assert not module.startswith(("app.rooms", "app.widgets", "app.main_window", "PySide6.QtWidgets"))
