"""The context of a command: the settings and the archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, update_wrapper
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from foreign_eyes.cli.damage_report import explained
from foreign_eyes.cli.exit_codes import NO_INPUT, Stopped

if TYPE_CHECKING:
    from foreign_eyes.cli.settings_loader import Configuration, PublishSettings

P = ParamSpec("P")
R = TypeVar("R")


@dataclass
class Context:
    """The options of the group.

    The configuration is read when a command starts, and not for `--help`.

    `sample_output` is the output folder of the sample after it was set aside; the settings of `[publish]` do not apply to it.
    """

    config: Path | None
    archive_option: Path | None = None
    archive_option_from: str = ""  # "option --archive" or an environment variable
    sample_output: Path | None = None
    log_format: str = "text"

    @cached_property
    def configuration(self) -> Configuration:
        """The settings, checked.

        Raises:
            ConfigurationError: the file cannot be used.
        """
        from foreign_eyes.cli.settings_loader import load_configuration

        return load_configuration(self.config)

    @cached_property
    def archive(self) -> Path:
        """The archive file: from the option, the environment or the settings.

        Raises:
            ConfigurationError: the settings cannot be used.
        """
        return self.archive_option or Path(self.configuration.archive.file)

    @property
    def publishing(self) -> PublishSettings:
        """The settings of `[publish]`.

        They are the defaults for a sample that was set aside, which must not look like the real feeds.
        """
        from foreign_eyes.cli.settings_loader import PublishSettings

        if self.sample_output is None:
            return self.configuration.publish
        return PublishSettings(output=str(self.sample_output))

    @property
    def output(self) -> Path:
        """The default output folder."""
        return Path(self.publishing.output)

    @property
    def group_arguments(self) -> list[str]:
        """The options with which another run of the program uses the same files."""
        settings = self.configuration.path
        config = ["--config", str(settings)] if settings else []
        log = ["--log-format", self.log_format] if self.log_format != "text" else []
        return [*config, "--archive", str(self.archive), *log]

    def require_archive(self) -> None:
        """Check that the archive exists: a command that derives it again must not create one.

        Raises:
            NoArchive: the archive does not exist.
        """
        from foreign_eyes.archive.errors import NoArchive

        if not self.archive.exists():
            raise NoArchive(self.archive)

    def check(self) -> None:
        """Check the settings and the archive's path.

        Raises:
            ConfigurationError: the file cannot be used.
            Stopped: the archive is a folder.
        """
        if self.archive.is_dir():
            raise Stopped(NO_INPUT, f"{self.archive}: a folder; name a file in it with --archive")


def pass_context(command: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
    """Pass the checked context to a command as its first argument.

    Because of the check, no command runs with wrong settings.

    An unexpected error is reported as damage if the archive is damaged.
    """

    @click.pass_obj
    def checked(context: Context, /, *args: P.args, **kwargs: P.kwargs) -> R:
        context.check()
        with explained(context.archive):
            return command(context, *args, **kwargs)

    return update_wrapper(checked, command)
