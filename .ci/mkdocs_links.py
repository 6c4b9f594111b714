"""Links from a page to a file outside docs/, such as deploy/compose.yaml.

A reader of the repository follows them as they are. The site does not contain these files, so this hook turns each
link into one to the repository, where its address is known (`extra.repository` or the variable REPOSITORY_URL), and
else into its text. A link to a file that does not exist is a warning, which `--strict` makes an error.
"""

import logging
import os
import pathlib
import posixpath
import re

LOG = logging.getLogger("mkdocs.hooks.links")
ROOT = pathlib.Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")


def on_page_markdown(markdown, page, config, files):
    repository = os.environ.get("REPOSITORY_URL") or config.extra.get("repository")

    def replace(match):
        text, target = match.groups()
        if re.match(r"[a-z]+:|#", target):
            return match.group(0)
        path, _, anchor = target.partition("#")
        full = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page.file.src_uri), path))
        if full.startswith("docs/"):
            return match.group(0)
        if not (ROOT / full).exists():
            LOG.warning("%s links to %s, which does not exist", page.file.src_uri, full)
            return text
        if not repository:
            return text
        kind = "tree" if (ROOT / full).is_dir() else "blob"
        return f"[{text}]({repository.rstrip('/')}/{kind}/main/{full}{'#' + anchor if anchor else ''})"

    return LINK.sub(replace, markdown)
