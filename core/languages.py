"""The language of a text by what stands in it: editor lines, `#!` lines, and telltale constructs where several languages share an extension."""

import re

SAMPLE = 8192  # bytes from the beginning that decide; editor lines may also stand at the end
_EMACS = re.compile(rb"-\*-\s*(?:.*?\bmode:\s*)?([A-Za-z0-9+#-]+)\s*(?:;.*?)?-\*-", re.IGNORECASE)
_VIM = re.compile(rb"(?:\bvim?|\bex)(?:[<=>]?\d*)?:\s*(?:set?\s+)?(?:[^\n]*?[\s:])?(?:ft|filetype|syn|syntax)=([A-Za-z0-9+#-]+)")
_SHEBANG = re.compile(rb"#!\s*(?:\S*/env\s+(?:-S\s+)?(?:\w+=\S*\s+)*)?(?:\S*/)?([A-Za-z]+)[\d.]*")
_OBJECTIVE_C = rb"^[ \t]*(?:@(?:interface|class|protocol|property|end|implementation|selector)\b|#import\s+[<\"])"
_CPP = (
    rb"^[ \t]*(?:#\s*include\s+<(?:c[a-z]{3,}|string|vector|map|set|list|array|memory|utility|functional|algorithm|iostream|sstream|optional|tuple|type_traits)>"
    rb"|template\s*<|(?:class|namespace)\s+\w+[^;()\n]*(?:\{|$)|using\s+namespace\b|(?:public|private|protected)\s*:|constexpr\b|enum\s+class\b)|\bstd::\w|\bnoexcept\b"
)

# extension → (language, what gives it away) in the order of trial; the first that is found wins, else the usual language of the extension
_TELLTALES: dict[str, list[tuple[str, re.Pattern[bytes]]]] = {
    extension: [(language, re.compile(pattern.replace(rb"^\s*", rb"^[ \t]*"), re.MULTILINE)) for language, pattern in pairs]
    for extension, pairs in {
        ".h": [("Objective-C", _OBJECTIVE_C), ("C++", _CPP)],
        ".m": [
            ("Objective-C", _OBJECTIVE_C + rb"|^\s*#include\s+[<\"]"),
            ("Mercury", rb"^\s*:-\s*(?:module|import_module|interface)\b"),
            ("Wolfram Language", rb"\(\*|^\s*\w{1,80}\[[^\]\n]{0,80}_\]\s{0,9}:="),
            ("MATLAB", rb"^\s*(?:%|function\b|classdef\b|end\b|clear\b|clc\b)|^\s*\w+\s*=\s*[^=;\n]+;[ \t]*$"),
        ],
        ".mm": [("XML", rb"^<\?xml|^<map\b")],
        ".pl": [("Prolog", rb"^[^#\n%]*:-(?!\s*\})"), ("Raku", rb"^\s*(?:use\s+v6|unit\s+(?:module|class)\b)"), ("Perl", rb"^\s*(?:use|my|sub|package)\b")],
        ".pm": [("X PixMap", rb"/\* XPM \*/"), ("Raku", rb"^\s*(?:use\s+v6\b|unit\s+(?:module|class)\b)")],
        ".t": [("Turing", rb"^\s*(?:var|const)\s+\w+\s*:\s*\w+"), ("Terra", rb"^\s*terra\b"), ("Raku", rb"^\s*use\s+v6\b")],
        ".v": [
            ("Verilog", rb"^\s*(?:module\s+\w+\s*[(#;]|endmodule\b|`(?:timescale|include|define)\b|always\s*@)"),
            ("Rocq Prover", rb"^\s*(?:Require|Theorem|Lemma|Definition|Fixpoint|Inductive|Proof|Qed|Import|Module)\b.*\.?"),
            ("V", rb"^\s*(?:pub\s+)?fn\s+\w+|^\s*module\s+\w+\s*$"),
        ],
        ".r": [("Rebol", rb"^\s*REBOL\s*\["), ("R", rb"<-|^\s*library\(|function\s*\(")],
        ".cls": [
            ("TeX", rb"\\(?:NeedsTeXFormat|ProvidesClass|LoadClass)\b"),
            ("Visual Basic 6.0", rb"^VERSION \d|^Attribute VB_"),
            ("Apex", rb"\b(?:global|public|private)\s+(?:with sharing\s+|without sharing\s+|virtual\s+|abstract\s+)*class\b"),
        ],
        ".cl": [("Common Lisp", rb"^\s*\((?:defun|in-package|defpackage|defmacro)\b"), ("OpenCL", rb"\b__?kernel\b|\b__global\b")],
        ".l": [("Common Lisp", rb"^\s*\(def(?:un|macro|var)\b"), ("Roff", rb"^\.(?:TH|SH|Dd)\b"), ("Lex", rb"^%%")],
        ".ts": [("XML", rb"^\s*<\?xml|^\s*<!DOCTYPE TS>|^\s*<TS\b")],
        ".tsx": [("XML", rb"^\s*<\?xml|^\s*<tileset\b")],
        ".rs": [("XML", rb"^\s*<\?xml"), ("RenderScript", rb"^#pragma\s+(?:version|rs)\b")],
        ".d": [("Makefile", rb"^[^\s:]+\.o\s*:"), ("DTrace", rb"^\s*#pragma\s+D\s|^\w*:\w*:\w*:\w*")],
        ".fs": [("Forth", rb"^: \w|^\s*\\ "), ("GLSL", rb"^\s*#version\b|\bgl_FragColor\b|^\s*(?:precision|uniform|varying)\s")],
        ".f": [("Forth", rb"^: \S+.*;\s*$")],
        ".md": [("GCC Machine Description", rb"^\(define_(?:insn|expand|attr)\b")],
        ".pro": [
            ("QMake", rb"^\s*(?:QT|TEMPLATE|SOURCES|CONFIG|HEADERS|TARGET)\s*[+-]?="),
            ("IDL", rb"^\s*(?:pro|function)\s+\w+\s*(?:,|$)"),
            ("Prolog", rb"^[^#\n]*:-"),
        ],
        ".ml": [("Standard ML", rb"=> |case\s+\w+\s+of\b|^\s*(?:structure|signature|functor)\s+\w+")],
        ".sql": [
            ("PLpgSQL", rb"\$\$|^\s*LANGUAGE\s+'?plpgsql|\bRETURNS\s+(?:trigger|SETOF)\b"),
            ("PLSQL", rb"\bVARCHAR2\b|^\s*CREATE\s+(?:OR\s+REPLACE\s+)?PACKAGE\b|:="),
            ("TSQL", rb"^\s*GO\s*$|\bIDENTITY\s*\(|\[dbo\]"),
        ],
        ".inc": [
            ("PHP", rb"^\s*<\?(?:php|=)"),
            ("C++", rb"^\s*#\s*(?:include|define|if|ifdef)\b|^\s*template\s*<"),
            ("Pascal", rb"^\s*(?:procedure|function|unit|interface)\b.*;"),
            ("BitBake", rb"^\s*(?:SUMMARY|LICENSE|SRC_URI|DEPENDS)\s*[?+:]*="),
            ("Assembly", rb"^\s*(?:\.?macro|%macro|section|\.text|db|equ)\b"),
            ("HTML", rb"^\s*<(?:html|div|table|p|!doctype)\b"),
            ("SQL", rb"^\s*(?:SELECT|INSERT|CREATE|--)\b"),
        ],
        ".cs": [("Smalltalk", rb"^!\s*\w+\s+(?:class\s+)?methodsFor:")],
        ".p": [("Gnuplot", rb"^\s*(?:s?plot|set\s+(?:term|terminal|output|xlabel))\b"), ("OpenEdge ABL", rb"(?i)^\s*(?:define\s+variable|procedure)\b")],
        ".pp": [("Pascal", rb"(?i)^\s*(?:program|unit|begin|uses)\b"), ("Puppet", rb"^\s*(?:class|node|define|include|file)\s")],
        ".as": [("AngelScript", rb"^\s*(?:#include|void\s+\w+\s*\()")],
        ".asm": [("Motorola 68K Assembly", rb"(?i)\bmove\.[bwl]\b")],
        ".ncl": [("XML", rb"^\s*<\?xml|^\s*<ncl\b")],
        ".plt": [("Prolog", rb"^[^#\n]*:-"), ("Gnuplot", rb"^\s*(?:s?plot|set)\b")],
        ".cgi": [("Python", rb"^\s*(?:import|from|def)\s"), ("Shell", rb"^\s*(?:echo|if \[)\b"), ("Perl", rb"^\s*(?:use|my)\b")],
        ".spec": [("RPM Spec", rb"^(?:Name|Version|Release|%(?:define|global|description))\b"), ("Ruby", rb"^\s*(?:require|describe)\b"), ("Python", rb"Analysis\(")],
    }.items()
}  # fmt: skip
_ALIASES = {
    "bash": "Shell", "sh": "Shell", "zsh": "Shell", "ksh": "Shell", "shell-script": "Shell", "cpp": "C++", "c++": "C++", "cs": "C#", "csharp": "C#",
    "objc": "Objective-C", "js": "JavaScript", "js2": "JavaScript", "py": "Python", "rb": "Ruby", "ts": "TypeScript", "make": "Makefile", "latex": "TeX",
    "tex": "TeX", "plaintex": "TeX", "octave": "MATLAB", "viml": "Vim Script", "vim": "Vim Script", "elisp": "Emacs Lisp", "emacs-lisp": "Emacs Lisp",
    "lisp": "Common Lisp", "dosini": "INI", "conf": "INI", "cperl": "Perl", "html": "HTML", "nroff": "Roff", "man": "Roff", "rst": "reStructuredText",
    "text": "Text", "txt": "Text",
}  # fmt: skip


def ambiguous(extension: str) -> bool:
    """True for extensions that several languages share and whose content tells them apart."""
    return extension.lower() in _TELLTALES


def telltale(extension: str, data: bytes) -> str:
    """The language whose construct stands in the beginning of `data`; "" where nothing gives it away."""
    sample = data[:SAMPLE]
    return next((language for language, pattern in _TELLTALES.get(extension.lower(), ()) if pattern.search(sample)), "")


def interpreter(data: bytes) -> str:
    """The program of a `#!` line without its version, "" if there is none."""
    match = _SHEBANG.match(data[:400]) if data.startswith(b"#!") else None
    return match[1].decode() if match else ""


def editor_word(data: bytes) -> str:
    """What an Emacs or Vim line in the first or last five lines names, "" for none."""
    first, last = data[:SAMPLE].splitlines()[:5], data[-1024:].splitlines()[-5:]
    for line in (*first, *last):
        for pattern in (_EMACS, _VIM):
            if match := pattern.search(line[:500]):
                return match[1].decode().lower()
    return ""


def of_editor_word(word: str, known: dict[str, str]) -> str:
    """The language an editor's mode stands for; `known` is lower-case name → name. "" if it is none."""
    found = _ALIASES.get(word, "")
    return found if found in known.values() else known.get(word, "")
