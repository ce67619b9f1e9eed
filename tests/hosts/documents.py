"""Answers in the shape of the hosts' public documents (those members that are read, and some beside them)."""


def github(**changes) -> dict[str, object]:
    """`full-repository` of GitHub's REST API."""
    document = {
        "id": 1296269, "node_id": "MDEw", "name": "Model", "full_name": "Lab/Model", "private": False, "fork": False, "disabled": False,
        "owner": {"login": "Lab", "id": 1, "type": "Organization"}, "html_url": "https://github.com/Lab/Model",
        "description": "A  model\nof things", "homepage": "https://model.example.org", "language": "Python", "forks_count": 9,
        "stargazers_count": 80, "watchers_count": 80, "size": 108, "default_branch": "trunk", "open_issues_count": 0,
        "topics": ["machine-learning", "vision", "Not a Topic!"], "archived": False, "visibility": "public",
        "license": {"key": "mit", "name": "MIT License", "spdx_id": "MIT", "url": "https://api.github.com/licenses/mit", "node_id": "MDc6"},
        "pushed_at": "2026-01-26T19:06:43Z", "network_count": 0, "subscribers_count": 42,
    }  # fmt: skip
    return {**document, **changes}


def gitee(**changes) -> dict[str, object]:
    """`Project` of Gitee's API v5."""
    document = {
        "id": 5, "full_name": "lab/model", "human_name": "实验室/模型", "path": "model", "name": "模型", "private": False, "public": True,
        "description": "一个模型", "homepage": None, "language": "Python", "forks_count": 3, "stargazers_count": 12, "watchers_count": 2,
        "default_branch": "master", "license": "MulanPSL-2.0", "status": "开始", "fork": False, "recommend": False, "gvp": False,
        "project_labels": [{"id": 1, "name": "计算机视觉", "ident": "cv"}, {"id": 2, "name": "PyTorch", "ident": "pytorch"}],
    }  # fmt: skip
    return {**document, **changes}


def gitlab(**changes) -> dict[str, object]:
    """Answer of GitLab's `GET /projects/:id?license=true`."""
    document = {
        "id": 3, "description": "A model in a group", "name": "Model", "name_with_namespace": "Lab / Deep / Model", "path": "model",
        "path_with_namespace": "lab/deep/model", "default_branch": "main", "tag_list": ["old"], "topics": ["vision"], "visibility": "public",
        "license_url": "https://gitlab.example.org/lab/deep/model/-/blob/main/LICENSE",
        "license": {"key": "gpl-3.0", "name": "GNU General Public License v3.0", "nickname": "GNU GPLv3", "html_url": "x", "source_url": "y"},
        "star_count": 4, "forks_count": 1, "archived": True, "empty_repo": False,
    }  # fmt: skip
    return {**document, **changes}
