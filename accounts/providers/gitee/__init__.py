"""Gitee (gitee.com)."""
