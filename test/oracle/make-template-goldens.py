#!/usr/bin/env python3
"""Renders every template of test/oracle/templates over the conversations of templates/conversations.json with Jinja itself,
set up as transformers' apply_chat_template sets it up, and writes golden/templates.json.gz. Needs python3-jinja2 (3.1)."""
import datetime
import gzip
import json
import pathlib

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).parent
NOW = datetime.datetime(2026, 3, 5, 14, 7, 9)


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


class Raised(TemplateError):
    """The template's own refusal."""


def raise_exception(message):
    raise Raised(message)


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
)
environment.filters["tojson"] = to_json
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = NOW.strftime

conversations = json.loads((HERE / "templates" / "conversations.json").read_text())
goldens = {}
for path in sorted((HERE / "templates").glob("*.jinja")):
    template = environment.from_string(path.read_text().removesuffix("\n"))
    rendered = goldens[path.stem] = {}
    for name, conversation in conversations.items():
        for prompt in (True, False):
            try:
                text = template.render(
                    messages=conversation["messages"],
                    tools=conversation.get("tools"),
                    documents=None,
                    bos_token="<s>",
                    eos_token="</s>",
                    add_generation_prompt=prompt,
                )
                rendered[f"{name}, {'prompt' if prompt else 'whole'}"] = {"text": text}
            except Raised as error:
                rendered[f"{name}, {'prompt' if prompt else 'whole'}"] = {"raised": error.message}
out = json.dumps({"now": NOW.isoformat(), "goldens": goldens}, ensure_ascii=False, indent=0)
(HERE / "golden" / "templates.json.gz").write_bytes(gzip.compress(out.encode(), mtime=0))
print({name: len(rendered) for name, rendered in goldens.items()})
