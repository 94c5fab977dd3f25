"""The script that writes the generated parts of docs/, as a module."""

import importlib.util

from .copies import ROOT

_spec = importlib.util.spec_from_file_location("docs_script", ROOT / "scripts/docs.py")
docs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(docs)
