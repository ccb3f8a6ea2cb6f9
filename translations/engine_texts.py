"""What the engine says, found in its source: titles and hints of problems, and the lines of tests.

The engine speaks English and knows no Qt. So that nobody has to keep a list of its sentences, they are read from the
code: a text is a template in which ``{0}``, ``{1}`` … stand for what is put in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

LAYERS = ("model", "config", "sources", "destinations", "sync", "webhooks", "desktop")
PROBLEMS = {"Problem", "ConnectorError", "ConfigError", "TransientError", "RecordError", "InternalError"}
LINES = {"CheckLine"}
NAMED = {"title", "hint"}
"""Keywords, attributes and variables of these names, or that end with one, hold such texts."""
LEAST_WORDS = 2
NOT_SPOKEN = ("Bearer ",)
"""What begins so is for a machine."""


def engine_texts(package: Path) -> list[str]:
    """All templates of the layers below the windows, sorted."""
    files = [file for layer in LAYERS for file in sorted((package / layer).rglob("*.py"))]
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    constants = {name: value for tree in trees for name, value in constants_of(tree)}
    found = {text for tree in trees for text in texts_of(tree, constants)}
    return sorted(text for text in found if len(text.split()) >= LEAST_WORDS and not text.startswith(NOT_SPOKEN))


def constants_of(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Module-level names and what they are."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def texts_of(tree: ast.Module, constants: dict[str, ast.expr]) -> Iterator[str]:
    """The templates of one module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            spoken: list[ast.expr] = []
            if name in PROBLEMS:
                spoken = [value for place, value in enumerate(node.args) if place in (1, 2, 3)]
            elif name in LINES:
                spoken = list(node.args)
            elif name.lstrip("_")[:1].isupper():
                spoken = list(node.args)  # an entry of a table of cases
            spoken += [keyword.value for keyword in node.keywords if is_named(keyword.arg)]
            for value in spoken:
                yield from templates(value, constants)
        elif isinstance(node, ast.Assign) and any(is_named(getattr(target, "id", "")) for target in node.targets):
            yield from templates(node.value, constants)


def is_named(name: str | None) -> bool:
    """Whether what has this name is such a text."""
    return name is not None and (name in NAMED or name.rpartition("_")[2] in NAMED)


def templates(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    """The texts that this expression may be; none for what is only known at run time."""
    match node:
        case ast.IfExp():
            yield from templates(node.body, constants)
            yield from templates(node.orelse, constants)
        case ast.Tuple():
            for each in node.elts:
                yield from templates(each, constants)
        case _:
            text = template(node, constants)
            if text is not None and text[:1].isupper() and not text.isupper():
                yield text


def template(node: ast.expr, constants: dict[str, ast.expr]) -> str | None:
    """One text, its holes numbered from 0."""
    parts = list(pieces(node, constants))
    if None in parts and not any(parts):
        return None
    text, holes = "", 0
    for part in parts:
        if part is None:
            text += f"{{{holes}}}"
            holes += 1
        else:
            text += part
    return text


def pieces(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str | None]:
    """The fixed pieces of a text, None for what is put in."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr():
            for value in node.values:
                yield from pieces(value, constants)
        case ast.BinOp(op=ast.Add()):
            yield from pieces(node.left, constants)
            yield from pieces(node.right, constants)
        case ast.Name() if node.id in constants:
            yield from pieces(constants[node.id], constants)
        case _:
            yield None
