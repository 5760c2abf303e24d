"""What each setting means, and what is wrong with one, in the operator's words."""

from dataclasses import fields

from server.commands.terminal import reason_of
from server.settings import Problem, Settings
from server.words.catalogue import text


def setting_rows(language: str) -> list[tuple[str, str, str]]:
    """Every setting: environment variable, default, meaning; under a line of headings."""
    heading = tuple(text(f"setting.{name}", language) for name in ("_name", "_default", "_meaning"))
    return [
        (heading[0], heading[1], heading[2]),
        *(
            (f"SHUQIAO_{field.name.upper()}", _shown(field.default), text(f"setting.{field.name}", language))
            for field in fields(Settings)
        ),
    ]


def problem_text(problem: Problem, language: str) -> str:
    """What is wrong with a setting, with its name and what would be right."""
    told = {
        key: reason_of(value, language) if isinstance(value, OSError) else value
        for key, value in problem.data.items()
    }
    return text(f"setting_problem.{problem.code}", language, name=problem.name, **told)


def _shown(default: object) -> str:
    if default == "":
        return "—"
    return str(default).lower() if isinstance(default, bool) else str(default)
