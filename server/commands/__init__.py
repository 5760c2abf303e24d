"""The `shuqiao` command: one module per sub-command.

Each module exports ``add_parser(program)``, which adds its command to the program's `parsers.Parser` with ``run``, a
function of the parsed arguments that returns the exit status; what ``--help`` teaches stands in the catalogue below
``help``. Statuses: 0 done, 1 it failed, 2 it was asked for wrongly (an argument or a setting is not right). What goes
wrong is raised as ``terminal.Failure``, a ``Refusal`` or a ``SettingsError``; `server.__main__` says it in plain
sentences.
"""
