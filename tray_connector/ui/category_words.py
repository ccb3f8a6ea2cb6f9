"""What is wrong with a category, in the user's language."""

from __future__ import annotations

from tray_connector.model.category_rules import LONGEST_NAME
from tray_connector.model.errors import Problem
from tray_connector.ui.texts import hint_text, message_text, number, translate


def name_trouble(problem: Problem) -> str:
    """Why a name cannot stay, and what to do about it."""
    match problem.code:
        case "categories-name-empty":
            return translate("Categories", "Give the category a name.")
        case "categories-name-characters":
            return translate("Categories", "The name holds a line break or a control character. Remove it.")
        case "categories-name-long":
            text = translate("Categories", "The name is too long: at most {count} letters, an umlaut counts as two.")
            return text.format(count=number(LONGEST_NAME))
        case "categories-name-taken":
            return translate("Categories", "Every table has a column of this name already. Choose another name.")
        case "categories-name-repeated":
            return translate("Categories", "Another category has this name. Choose another one.")
        case "categories-name-case":
            return translate("Categories", "Another category has almost this name: they would be one column.")
    return f"{message_text(problem)}. {hint_text(problem)}"
