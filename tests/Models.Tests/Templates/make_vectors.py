"""Records what Jinja2 makes of template snippets, for RecordedTemplateTests.

    python3 make_vectors.py recorded.jsonl > again.jsonl

The first line holds the variables, every other one a snippet as {"source": ...}; what else it has is made anew. Needs
jinja2 3.1.6, in the environment that transformers compiles chat templates in. Snippets whose rendering holds an address
in memory are left out.
"""
import datetime
import json
import sys

import jinja2
from jinja2 import nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("render"), [], [], body).set_lineno(line)

    def render(self, caller):
        return caller()


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def environment():
    made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
    made.filters["tojson"] = tojson
    made.globals["raise_exception"] = raise_exception
    made.globals["strftime_now"] = datetime.datetime(2025, 1, 2).strftime
    return made


def record(jinja, source, variables):
    standard = {"messages": [], "tools": None, "documents": None, "add_generation_prompt": False}
    try:
        return {"source": source, "text": jinja.from_string(source).render(standard | json.loads(variables))}
    except Exception as fault:
        if type(fault) is jinja2.exceptions.TemplateError:
            return {"source": source, "raised": str(fault)}
        return {"source": source, "failed": f"{type(fault).__name__}: {fault}"}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        variables, *snippets = file.read().split("\n")[:-1]
    print(variables)
    jinja = environment()
    for snippet in snippets:
        recorded = record(jinja, json.loads(snippet)["source"], variables)
        if not any(mark in recorded.get("text", "") for mark in (" at 0x", "<class", "<TemplateReference")):
            print(json.dumps(recorded, ensure_ascii=False))


main()
