"""Rows of repositories, mirrors and the market. States and constraints only; `commands` write."""

from projects.models.market import Category
from projects.models.mirrors import KEPT_RUNS, Mirror, MirrorHost, MirrorRun, Nomination
from projects.models.repositories import (
    Access,
    Collaborator,
    ContributionDay,
    DeployKey,
    FormerAddress,
    ImportRun,
    Protection,
    PurgeRun,
    Push,
    Release,
    ReleaseAsset,
    Repository,
    Run,
    Star,
    TeamAccess,
    Visibility,
    Watch,
)

__all__ = [
    "KEPT_RUNS",
    "Access",
    "Category",
    "Collaborator",
    "ContributionDay",
    "DeployKey",
    "FormerAddress",
    "ImportRun",
    "Mirror",
    "MirrorHost",
    "MirrorRun",
    "Nomination",
    "Protection",
    "PurgeRun",
    "Push",
    "Release",
    "ReleaseAsset",
    "Repository",
    "Run",
    "Star",
    "TeamAccess",
    "Visibility",
    "Watch",
]
