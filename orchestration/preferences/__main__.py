"""Links for recipients, and the service behind them: `python -m orchestration.preferences COMMAND`.

serve    unsubscribe and preference pages, on port 8321
link     the two links of one recipient, by the hash of the address (pii.identifiers has it)
close    hand what was said to landing now (the service and every landing do it by themselves)
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from dataclasses import replace

import uvicorn

from orchestration.preferences.app import CLOSE_AFTER_S, create_app
from orchestration.preferences.choices import ChoicesError, load_choices
from orchestration.preferences.journal import SOURCE, Journal, NotKept
from orchestration.preferences.links import (
    LinkKeyError,
    link_keys,
    preferences_url,
    unsubscribe_url,
)
from orchestration.settings import Paths, SettingsError, current_paths, load_tenant


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 done, 2 wrong call, settings or key."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    paths = replace(current_paths(), tenant=options.tenant, env=options.env)
    try:
        match options.command:
            case "serve":
                return serve(
                    paths, host=options.host, port=options.port, close_after_s=options.close_after
                )
            case "link":
                return link(paths, options)
            case _:
                for file in Journal.of(paths).close():
                    print(file)
                return 0
    except (ChoicesError, LinkKeyError, NotKept, SettingsError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m orchestration.preferences",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("serve", "link", "close"):
        command = commands.add_parser(name)
        command.add_argument("--tenant", default=os.environ.get("CROSSWEAVE_TENANT") or "demo")
        command.add_argument("--env", default=os.environ.get("CROSSWEAVE_ENV") or "dev")
        if name == "serve":
            command.add_argument("--host", default="127.0.0.1", help="address to listen on")
            command.add_argument("--port", type=int, default=8321)
            command.add_argument(
                "--close-after", type=float, default=CLOSE_AFTER_S, metavar="SECONDS",
                help="how long a file is written to before landing gets it (default: %(default)s)",
            )  # fmt: skip
        if name == "link":
            command.add_argument("identifier_key", help="keyed hash of the address")
            command.add_argument("--channel", default="email")
            command.add_argument("--purpose", default="marketing")
            command.add_argument("--base-url", default="http://127.0.0.1:8321")
    return parser


def serve(paths: Paths, *, host: str, port: int, close_after_s: float) -> int:
    """Answer requests until told to stop; then what was said is handed to landing."""
    settings = load_tenant(paths)
    if SOURCE not in settings.source_names:
        raise SettingsError(
            f"{paths.tenant_folder / 'tenant.yml'}: add {SOURCE} to sources, or nothing of what "
            "people say would ever land"
        )
    app = create_app(
        choices=load_choices(paths),
        keys=link_keys(paths.env),
        journal=Journal.of(paths),
        serving=paths.serving,
        close_after_s=close_after_s,
    )
    # no access log: the path of a request is the credential of a recipient
    config = uvicorn.Config(
        app, host=host, port=port, access_log=False, server_header=False, log_level="warning",
        timeout_graceful_shutdown=10,
    )  # fmt: skip
    server = uvicorn.Server(config)
    logging.info("preferences of %s (%s) on http://%s:%d", paths.tenant, paths.env, host, port)
    server.run()
    return 0 if server.started else 2


def link(paths: Paths, options: argparse.Namespace) -> int:
    """Print the links of one recipient."""
    keys = link_keys(paths.env)
    for url in (unsubscribe_url, preferences_url):
        print(
            url(
                options.base_url,
                keys,
                identifier_key=options.identifier_key,
                channel=options.channel,
                purpose=options.purpose,
            )
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
