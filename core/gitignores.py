"""Small .gitignore files to start with, written for this portal."""

_COMMON = "# editors and systems\n.idea/\n.vscode/\n*.swp\n.DS_Store\n"
_TEMPLATES = {
    "Python": "__pycache__/\n*.py[cod]\n*.so\n.venv/\nvenv/\nbuild/\ndist/\n*.egg-info/\n.pytest_cache/\n.mypy_cache/\n.ruff_cache/\n.coverage\n.ipynb_checkpoints/\n",
    "MindSpore": "__pycache__/\n*.py[cod]\n.venv/\n# training\nkernel_meta/\nrank_*/\n*.ckpt\n*.mindir\n*.air\n*.om\nsomas_meta/\nsummary/\nlogs/\nckpt/\n",
    "PyTorch": "__pycache__/\n*.py[cod]\n.venv/\n# training\n*.pt\n*.pth\n*.safetensors\nruns/\nwandb/\nlightning_logs/\ncheckpoints/\nlogs/\n",
    "C++": "build/\ncmake-build-*/\nCMakeFiles/\nCMakeCache.txt\ncompile_commands.json\n*.o\n*.a\n*.so\n*.exe\n*.out\n",
    "C": "build/\n*.o\n*.a\n*.so\n*.d\n*.out\n",
    "Go": "bin/\n*.test\n*.out\ncoverage.txt\nvendor/\n",
    "Rust": "target/\n**/*.rs.bk\n",
    "Java": "target/\nbuild/\n.gradle/\n*.class\n*.jar\n*.war\nhs_err_pid*\n",
    "Node": "node_modules/\ndist/\ncoverage/\n.env\n*.log\n",
    "LaTeX": "*.aux\n*.log\n*.out\n*.toc\n*.bbl\n*.blg\n*.fls\n*.fdb_latexmk\n*.synctex.gz\n",
    "Verilog": "*.vcd\n*.fst\n*.wlf\nobj_dir/\nsimv*\ncsrc/\n*.jou\n.Xil/\n",
}


def names() -> list[str]:
    """What is offered, by name."""
    return sorted(_TEMPLATES)


def template(name: str) -> str:
    """The file's text, "" if there is no such template."""
    text = _TEMPLATES.get(name, "")
    return text + "\n" + _COMMON if text else ""
