"""Compiles single models of the dbt project again, with other text in a model or a macro.

It goes the way of `dbt compile`, without starting dbt for every change.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any

from keyaccounts.warehouse.build import DBT_PROJECT
from keyaccounts.warehouse.dbt_process import environment_of
from tools.mutants import Mutant


class Renderer:
    """One parsed project with one set of variables."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        """Parse the project."""
        from dbt.adapters.factory import get_adapter, register_adapter, reset_adapters
        from dbt.cli.main import dbtRunner
        from dbt.compilation import Compiler
        from dbt.config.runtime import RuntimeConfig, load_profile, load_project
        from dbt.context.providers import generate_runtime_macro_context
        from dbt.flags import get_flags
        from dbt.mp_context import get_mp_context

        folder = str(DBT_PROJECT / "target" / "mutate")
        with environment_of({"KEYACCOUNTS_DBT_WAREHOUSE": ":memory:"}):
            parsed = dbtRunner().invoke(
                [
                    "--quiet", "--log-level", "none", "parse", "--no-partial-parse",
                    "--vars", json.dumps(dict(variables)), "--project-dir", str(DBT_PROJECT),
                    "--profiles-dir", str(DBT_PROJECT),
                    "--target-path", folder, "--log-path", folder,
                ]
            )  # fmt: skip
            self.manifest = parsed.result
            profile = load_profile(str(DBT_PROJECT), dict(variables))
            project = load_project(str(DBT_PROJECT), True, profile, dict(variables))
        config = RuntimeConfig.from_parts(project, profile, get_flags())
        reset_adapters()
        register_adapter(config, get_mp_context())
        adapter = get_adapter(config)
        adapter.set_macro_resolver(self.manifest)
        adapter.set_macro_context_generator(generate_runtime_macro_context)
        self.compiler = Compiler(config)
        self._before: dict[str, str] = {}
        for node in self.manifest.nodes.values():
            if node.resource_type == "model":
                self.before(node.name)

    def compiled(self, name: str) -> str:
        """Return the compiled text of a model, as `tests.properties.compiled` holds it."""
        node = copy.copy(self.manifest.nodes[f"model.keyaccounts.{name}"])
        node.compiled, node.compiled_code = False, None
        node.extra_ctes, node.extra_ctes_injected = [], False
        done = self.compiler.compile_node(node, self.manifest, {}, write=False)
        return str(done.compiled_code).strip().replace('"memory".', "")

    def changed(self, file: str, mutant: Mutant) -> dict[str, str] | str:
        """Return the compiled texts that a mutant of a file changes, or why it has none."""
        whole = mutant.applied((DBT_PROJECT / file).read_text("utf-8"))
        try:
            if file.startswith("models"):
                return self._of_model(file, whole)
            return self._of_macro(file, whole)
        except Exception as error:
            # Text that Jinja or dbt refuse; what they raise is theirs to choose.
            return f"it does not compile: {type(error).__name__}"

    def _of_model(self, file: str, text: str) -> dict[str, str]:
        name = file.rpartition("/")[2].removesuffix(".sql")
        node = self.manifest.nodes[f"model.keyaccounts.{name}"]
        kept, node.raw_code = node.raw_code, text.strip()
        try:
            return {name: self.compiled(name)}
        finally:
            node.raw_code = kept

    def _of_macro(self, file: str, text: str) -> dict[str, str]:
        kept = {}
        for macro in self.manifest.macros.values():
            if macro.original_file_path == file and macro.package_name == "keyaccounts":
                found = re.search(
                    rf"{{%-?\s*macro {macro.name}\(.*?{{%-?\s*endmacro\s*-?%}}", text, re.S
                )
                if found and found.group(0) != macro.macro_sql:
                    kept[macro.unique_id] = (macro, macro.macro_sql)
                    macro.macro_sql = found.group(0)
        try:
            names = [
                node.name
                for node in self.manifest.nodes.values()
                if node.resource_type == "model" and not node.name.startswith("stg_")
            ]
            texts = {name: self.compiled(name) for name in names}
        finally:
            for macro, sql in kept.values():
                macro.macro_sql = sql
        return {name: sql for name, sql in texts.items() if sql != self.before(name)}

    def before(self, name: str) -> str:
        """Return the compiled text of a model without a mutant."""
        if name not in self._before:
            self._before[name] = self.compiled(name)
        return self._before[name]
