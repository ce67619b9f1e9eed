"""Addresses of the browsing pages. Tails are read from the raw bytes of the address (`core.filenames.tail`)."""

from django.urls import path, register_converter

from projects.views import addresses, archive, blame, blob, branches, commit, compare, contributors, crawlers, find, history, home, tree


class Tail:
    """Anything, newlines too: Git allows them in names."""

    regex = r"(?s:.+)"

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


register_converter(Tail, "tail")

R = "<str:namespace>/<str:name>"
urlpatterns = [
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.sitemap, name="sitemap"),
    path(f"{R}.git", addresses.clone_address, name="clone_address"),
    path(f"{R}.git/", addresses.clone_address),
    path(R, home.repository_home, name="repository"),
    path(f"{R}/tree/<tail:tail>", tree.repository_tree, name="repository_tree"),
    path(f"{R}/blob/<tail:tail>", blob.repository_blob, name="repository_blob"),
    path(f"{R}/raw/<tail:tail>", blob.repository_raw, name="repository_raw"),
    path(f"{R}/commits", history.repository_commits, name="repository_commits"),
    path(f"{R}/commits/<tail:tail>", history.repository_commits, name="repository_history"),
    path(f"{R}/commit/<tail:tail>", commit.repository_commit, name="repository_commit"),
    path(f"{R}/archive/<tail:tail>", archive.repository_archive, name="repository_archive"),
    path(f"{R}/blame/<tail:tail>", blame.repository_blame, name="repository_blame"),
    path(f"{R}/branches", branches.repository_branches, name="repository_branches"),
    path(f"{R}/find/<tail:tail>", find.repository_find, name="repository_find"),
    path(f"{R}/compare", compare.repository_compare, name="repository_compare_form"),
    path(f"{R}/compare/<tail:tail>", compare.repository_compare, name="repository_compare"),
    path(f"{R}/contributors", contributors.repository_contributors, name="repository_contributors"),
]
