"""What the windows say, found in their source.

Not by Qt's lupdate: in Python it takes the ``//`` of a division for a comment and loses the text before it, and it sees
forms for numbers in calls of `tr` only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from translations.files import Message


def window_texts(package: Path) -> list[Message]:
    """Every text given to ``tr`` (its context is the class) or to ``translate`` (its context is the first argument).

    ValueError names the place of a text that is put together instead of written out: nobody could translate it.
    """
    found: dict[Message, None] = {}
    for file in sorted(package.rglob("*.py")):
        for message in texts_of(ast.parse(file.read_text(encoding="utf-8")), file, ""):
            found[message] = None
    return list(found)


def texts_of(node: ast.AST, file: Path, context: str) -> Iterator[Message]:
    """The texts below a node, within the class named `context`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            name = child.func.attr if isinstance(child.func, ast.Attribute) else getattr(child.func, "id", "")
            if name == "tr" and child.args:
                yield Message(context, written_out(child.args[0], file))
            elif name == "QT_TRANSLATE_NOOP" or (name == "translate" and is_ours(child)):
                yield Message(written_out(child.args[0], file), written_out(child.args[1], file))
        yield from texts_of(child, file, child.name if isinstance(child, ast.ClassDef) else context)


def is_ours(call: ast.Call) -> bool:
    """Whether it translates a text that stands there: painters translate as well, and others what was found before."""
    qt = isinstance(call.func, ast.Name) or ast.unparse(call.func) == "QCoreApplication.translate"
    return qt and len(call.args) > 1 and not isinstance(call.args[1], ast.Name | ast.Call)


def written_out(node: ast.expr, file: Path) -> str:
    """The text itself."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise ValueError(f"{file}:{node.lineno}: this text is not written out: {ast.unparse(node)}")
