"""The `shuqiao` command: one module per sub-command.

Each module exports ``add_parser(subparsers)``, which adds its parser (``--help`` teaches with examples) and sets
``run``, a function of the parsed arguments that returns the exit status. Statuses: 0 done, 1 it failed, 2 it was
asked for wrongly (arguments or settings). What goes wrong is raised as ``terminal.Failure``, a ``Refusal`` or a
``SettingsError``; `server.__main__` says it in plain sentences.
"""
