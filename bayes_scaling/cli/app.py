"""The program: its commands, and the messages and exit codes of errors."""

from __future__ import annotations

import atexit
import gc
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bayes_scaling.cli.allocating import allocate
from bayes_scaling.cli.assessing import assess
from bayes_scaling.cli.demonstrating import demo
from bayes_scaling.cli.fitting import fit
from bayes_scaling.cli.forecasting import forecast
from bayes_scaling.cli.listing import laws
from bayes_scaling.cli.output import in_options
from bayes_scaling.cli.planning import plan_runs
from bayes_scaling.cli.reaching import needed
from bayes_scaling.cli.reporting import report
from bayes_scaling.cli.scoring import score
from bayes_scaling.errors import BayesScalingError

MISTAKE = 2
INTERRUPTED = 130

OBJECTS_BETWEEN_COLLECTIONS = 100_000


class Commands(TyperGroup):
    """Group of commands that reports a mistake in a few plain sentences."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; errors that are not the user's keep their traceback."""
        try:
            return super().invoke(ctx)
        except BayesScalingError as error:
            typer.echo(f"Error: {in_options(str(error))}", err=True)
            raise typer.Exit(MISTAKE) from error
        except BrokenPipeError:  # ended without a word, as by 'bayes-scaling laws | head -1'
            raise
        except OSError as error:
            typer.echo(
                f"Error: {error}. A file or the output could not be used, and the command did not "
                "finish. Check that the path exists, that you may read and write "
                "there, and that the disk is not full.",
                err=True,
            )
            raise typer.Exit(MISTAKE) from error
        except KeyboardInterrupt as interrupt:
            typer.echo(f"\n{interrupt}" if interrupt.args else "\nInterrupted.", err=True)
            raise typer.Exit(INTERRUPTED) from interrupt


app = typer.Typer(
    name="bayes-scaling",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (demo, fit, forecast, score, assess, allocate, needed, report, laws):
    app.command()(command)
app.command("next")(plan_runs)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"bayes-scaling {version('bayes_scaling')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Bayesian scaling laws: from a sweep of runs to a forecast with credible intervals."""


def main() -> None:
    """Run the command line; the entry point of ``bayes-scaling``."""
    # What is imported and compiled stays until the end. Looking for garbage in it takes 2 s of a
    # fit, half of them when the process ends.
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)
    app()
