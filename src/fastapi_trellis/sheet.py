"""Fill in a definition: defaults, conditions and rules, as the template's own Jinja says them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from copier import load_settings
from jinja2 import StrictUndefined, Template, TemplateError, Undefined
from jinja2.sandbox import SandboxedEnvironment

from fastapi_trellis.definition import Definition, Question
from fastapi_trellis.errors import Stop

YES = {"y", "yes", "t", "true", "on", "1"}
NO = {"n", "no", "f", "false", "off", "0", ""}


@dataclass
class Filled:
    """The answers to all questions, which of them are asked, and which rules they break."""

    values: dict[str, Any] = field(default_factory=dict)
    shown: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def answers(self) -> dict[str, Any]:
        return {name: self.values[name] for name in self.shown}

    @property
    def parts(self) -> set[str]:
        """What of the manifest is on."""
        return {name for name, on in (self.values.get("enabled") or {}).items() if on}


class Sheet:
    """The questions of one release. Copier has the last word; this says the same beforehand."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.own_defaults: dict[str, Any] = dict(load_settings().defaults)
        options = {key: value for key, value in definition.envops.items() if key != "undefined"}
        strict = str(definition.envops.get("undefined", "")).endswith("StrictUndefined")
        self._jinja = SandboxedEnvironment(
            extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
            undefined=StrictUndefined if strict else Undefined,
            **options,
        )
        self._compiled: dict[str, Template] = {}

    def fill(self, given: Mapping[str, Any], *, with_parts: bool = True) -> Filled:
        """Take the given answers, and the defaults of all others; the manifest takes longest."""
        filled = Filled()
        questions = self.definition.questions
        last = max((at for at, one in enumerate(questions) if one.asked), default=0)
        for question in questions if with_parts else questions[: last + 1]:
            shown = question.asked and self._shown(question, filled.values)
            if shown and question.name in given:
                value = given[question.name]
            else:
                value = self._default(question, filled.values)
            filled.values[question.name] = value
            if shown:
                filled.shown.append(question.name)
                sentence = self._refusal(question, filled.values)
                if sentence:
                    filled.refused[question.name] = sentence
        return filled

    def switches_on(self, given: Mapping[str, Any], name: str, value: Any) -> list[str]:
        """The parts that only this answer brings, all others being as given."""
        others = [one for one in self.definition.asked[name].values if one != value]
        with_it = self.fill({**given, name: value}).parts
        without = [self.fill({**given, name: other}).parts for other in others]
        only = with_it.difference(*without) if without else set()
        return [part for part in self.definition.features if part in only]

    def shortest(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """Those answers that must be given to come to these."""
        kept: dict[str, Any] = {}
        for name, value in answers.items():
            if self.fill(kept, with_parts=False).values.get(name) != value:
                kept[name] = value
        return kept

    def _shown(self, question: Question, values: Mapping[str, Any]) -> bool:
        return as_bool(self._render(question.raw.get("when", True), values))

    def _default(self, question: Question, values: Mapping[str, Any]) -> Any:
        default = question.raw.get("default")
        if question.asked:
            default = self.own_defaults.get(question.name, default)
        return cast(question.type, self._render(default, values))

    def _refusal(self, question: Question, values: Mapping[str, Any]) -> str:
        value = values[question.name]
        if question.choices and value not in question.values:
            return f"{question.name} is one of {listed(question.values)}, and not {value}."
        return " ".join(str(self._render(question.raw.get("validator", ""), values)).split())

    def _render(self, source: Any, values: Mapping[str, Any]) -> Any:
        if not isinstance(source, str) or "{" not in source:
            return source
        try:
            if source not in self._compiled:
                self._compiled[source] = self._jinja.from_string(source)
            return self._compiled[source].render(values)
        except TemplateError as error:
            raise Stop(f"The template's copier.yml cannot be understood: {error}") from None


def as_bool(value: Any) -> bool:
    return value.strip().lower() in YES if isinstance(value, str) else bool(value)


def cast(kind: str, value: Any) -> Any:
    """A rendered default is text, whatever it stands for."""
    if kind == "bool":
        return as_bool(value)
    if kind == "str" or not isinstance(value, str):
        return "" if value is None else value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:  # computed of an answer with odd characters, which a rule refuses
        return None


def listed(values: Any) -> str:
    return ", ".join(str(value) for value in values)
