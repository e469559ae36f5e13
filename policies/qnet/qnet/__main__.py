"""`python -m qnet COMMAND`: exit 0 done, 2 bad input, 3 a fault of this program, whose stack is kept in a file."""

import argparse
import sys
import tempfile
import traceback
from importlib import import_module
from pathlib import Path

from .bad_input import BadInput

# Each command's module has `add_parser(subparsers)`, whose parser sets `run` to a function of the parsed arguments that
# returns the exit code. Only the module that is asked for is imported: torch takes a second to load.
COMMANDS = {
    "train": ("qnet.train", "train a learner on logged episodes"),
    "report": ("qnet.report", "write the report of a trained model"),
    "release": ("qnet.release.command", "train, calibrate and export what is served"),
    "export": ("qnet.release.export_command", "release models that were trained before"),
    "outputs": ("qnet.release.outputs", "write what torch says of logged rows"),
    "serve": ("qnet.serve", "score scenes, JSON lines in and out"),
    "released-table": ("qnet.experiment.released_run", "write the report of the released policy"),
    "table": ("qnet.experiment.run", "simulate, train, evaluate and write the table of policies"),
    "gate": ("qnet.gate.command", "may a challenger take the champion's place"),
    "gate-trials": ("qnet.gate.trials", "what the gate refuses, where the truth is exact"),
}


def main(arguments: list[str]) -> int:
    """Runs one command. Never shows a stack: a person's mistake is one sentence, a fault names a file."""
    try:
        parsed = _parser(arguments[0] if arguments else "").parse_args(arguments)
        code: int = parsed.run(parsed)
        return code
    except BadInput as error:
        sys.stderr.write(f"quell: {error}\n")
        return 2
    except BrokenPipeError:
        return 0  # whoever read stdout went away (`| head`)
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        sys.stderr.write(f"quell: this is a fault of Quell itself: {type(error).__name__}: {error}\n")
        sys.stderr.write(f"quell: the stack is in {_keep_stack()}; please report it with that file\n")
        return 3


def _parser(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m qnet", description="Learns from episodes what to propose.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, what) in COMMANDS.items():
        if name == command:
            import_module(module).add_parser(commands)
        else:
            commands.add_parser(name, help=what)
    return parser


def _keep_stack() -> Path:
    """A folder of its own, readable by this user only: a stack may quote input."""
    file = Path(tempfile.mkdtemp(prefix="quell-fault-")) / "stack.txt"
    file.write_text(traceback.format_exc(), encoding="utf-8")
    return file


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
