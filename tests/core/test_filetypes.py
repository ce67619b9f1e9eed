"""What a file is, which licence a text is, and that the vendored lists are the recorded ones."""

import hashlib
import time
import tomllib
from pathlib import Path

import pytest

from core import filetypes, gitignores, languages, licences

DATA = Path(filetypes.__file__).parent / "data"


@pytest.mark.parametrize(
    ("path", "head", "language"),
    [
        ("a.py", b"", "Python"), ("src/a.rs", b"", "Rust"), ("a.h", b"", "C"), ("a.cpp", b"", "C++"), ("a.ts", b"", "TypeScript"), ("A.MD", b"", "Markdown"),
        ("Makefile", b"", "Makefile"), ("CMakeLists.txt", b"", "CMake"), ("Dockerfile", b"", "Dockerfile"), ("a.ipynb", b"", "Jupyter Notebook"),
        ("run", b"#!/usr/bin/env python3\n", "Python"), ("run", b"#!/bin/bash -e\n", "Shell"), ("run", b"#! /usr/bin/perl\n", "Perl"), ("run", b"#!/\xff\n", ""),
        ("nothing", b"", ""), ("a.unknownext", b"", ""), ("", b"", ""),
    ],
)  # fmt: skip
def test_language(path: str, head: bytes, language: str) -> None:
    assert filetypes.language(path, head) == language


@pytest.mark.parametrize(
    ("path", "data", "language"),
    [
        ("a.h", b"#include <vector>\n", "C++"), ("a.h", b"#include <stdio.h>\nint f(struct s *p);\n", "C"), ("a.h", b"@interface A : B\n@end\n", "Objective-C"),
        ("a.h", b"template <class T> T f();\n", "C++"), ("a.h", b"", "C"),
        ("a.m", b"function y = f(x)\n% note\n", "MATLAB"), ("a.m", b"#import <Foundation/Foundation.h>\n", "Objective-C"), ("a.m", b":- module foo.\n", "Mercury"),
        ("a.m", b"f[x_] := x (* note *)\n", "Wolfram Language"),
        ("a.pl", b"use strict;\nmy $x = 1;\n", "Perl"), ("a.pl", b"a(X) :- b(X).\n", "Prolog"), ("a.pl", b"# :- no\nmy $x;\n", "Perl"),
        ("a.v", b"module a(input b);\nendmodule\n", "Verilog"), ("a.v", b"Theorem t : True.\nProof. auto. Qed.\n", "Rocq Prover"),
        ("a.ts", b'<?xml version="1.0"?>\n<TS>', "XML"), ("a.ts", b"const a: number = 1\n", "TypeScript"), ("a.cls", rb"\ProvidesClass{x}", "TeX"),
        ("a.r", b"x <- 1\n", "R"), ("a.md", b"# x\n", "Markdown"), ("a.sql", b"CREATE TABLE a (b int);\n", "SQL"), ("a.pro", b"QT += core\n", "QMake"),
        ("a", b"# -*- mode: ruby -*-\n", "Ruby"), ("a.txt", b"/* -*- C++ -*- */\n", "C++"), ("a", b"x\n# vim: set ft=python ts=4:\n", "Python"),
        ("a", b"x\n" * 3000 + b"// vim:ft=cpp\n", "C++"), ("a", b"# vim: set ts=4 :\n", ""), ("a.py", b"# -*- coding: utf-8 -*-\n", "Python"),
        ("a.py", b"# -*- mode: nosuchmode -*-\n", "Python"), ("a", b"#!/usr/bin/env -S FOO=1 ruby -w\n", "Ruby"), ("a.h", b"\xff\xfe\0" * 3000, "C"),
    ],
)  # fmt: skip
def test_language_by_content(path: str, data: bytes, language: str) -> None:
    assert filetypes.language(path, data) == language


@pytest.mark.parametrize("extension", sorted(languages._TELLTALES))
def test_telltales_are_languages_and_quick(extension: str) -> None:
    known = set(filetypes._tables()[3])
    assert {name for name, _pattern in languages._TELLTALES[extension]} <= known
    started = time.process_time()
    for data in (
        b" " * 8192,
        b"a" * 8192,
        b"\n" * 8192,
        b"(*" * 4096,
        b"class a " * 1024,
        b": x " * 2048,
        b"-*- mode: " * 800,
        b"vim: set " * 900,
        b"a[" * 4096,
    ):
        filetypes.language("x" + extension, data)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("a.py", "Python"),
        ("vendor/a.py", ""),
        ("docs/a.py", ""),
        ("a_pb2.py", ""),
        ("a.json", ""),
        ("README.md", ""),
        ("a.min.js", ""),
        ("a.html", "HTML"),
    ],
)
def test_only_what_people_wrote_counts(path: str, language: str) -> None:
    assert filetypes.counts(path) == language


def test_generated_files_are_known() -> None:
    assert filetypes.is_generated("package-lock.json")
    assert filetypes.is_generated("sub/go.sum")
    assert not filetypes.is_generated("a.py")


def test_lfs_pointers_are_read_strictly() -> None:
    oid = "ab" * 32
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 12345\n".encode()
    assert filetypes.lfs_pointer(pointer) == (oid, 12345)
    assert filetypes.lfs_pointer(pointer + b"more") is None
    assert filetypes.lfs_pointer(b"x" + pointer) is None
    assert filetypes.lfs_pointer(b"") is None


@pytest.mark.parametrize("licence", [licence.id for licence in licences.offered()])
def test_each_text_is_recognised_with_year_and_holder_filled_in(licence: str) -> None:
    text = licences.template(licence, holder="鹏城实验室", year=2026)
    assert licences.detect(text) == licence
    assert licences.detect(text.replace("\n", "\r\n  ")) == licence


def test_mit_names_its_holder() -> None:
    text = licences.template("MIT", holder="鹏城实验室", year=2026)
    assert "2026 鹏城实验室" in text
    assert "<" not in text


def test_other_texts_are_no_licence() -> None:
    assert licences.detect("") == ""
    assert licences.detect("This is a readme of a project about language models.") == ""
    assert licences.detect("启智开源许可证，第1.0版") == licences.OPENI
    text = licences.template(licences.OPENI, holder="鹏城实验室", year=2026)
    assert "Copyright (c) 2026著作权由“鹏城实验室”所有" in text
    assert licences.detect(text) == licences.OPENI
    assert licences.OPENI in [licence.id for licence in licences.offered()]
    assert licences.template("nosuch", holder="x") == ""


@pytest.mark.parametrize(
    ("name", "expected"), [("LICENSE", True), ("licence.md", True), ("COPYING.txt", True), ("licenses.py", False), ("README", False)]
)
def test_licence_files_are_known_by_name(name: str, expected: bool) -> None:
    assert licences.is_licence_file(name) is expected


def test_ignore_lists_have_one_pattern_a_line() -> None:
    assert {"Python", "C++", "Java", "Go", "Rust", "Node", "LaTeX", "MindSpore"} <= set(gitignores.names())
    for name in gitignores.names():
        assert all(line == line.strip() for line in gitignores.template(name).splitlines())
    assert gitignores.template("nosuch") == ""


def test_vendored_lists_are_the_recorded_ones() -> None:
    recorded = {entry["path"]: entry for entry in tomllib.loads((DATA / "VENDOR.toml").read_text())["files"]}
    present = {str(path.relative_to(DATA)) for path in DATA.rglob("*") if path.suffix in (".json", ".txt")}
    assert set(recorded) == present
    for path, entry in recorded.items():
        assert hashlib.sha256((DATA / path).read_bytes()).hexdigest() == entry["sha256"], path
        assert all(entry[key] for key in ("name", "version", "licence"))
