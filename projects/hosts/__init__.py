"""What code hosts say beside Git, through one port for each kind of API; and the requests they send us. Pure: no database, no network."""

from projects.hosts import gitee, github, gitlab
from projects.hosts.facts import Port

PORTS: dict[str, Port] = {"github": github.GitHub(), "gitee": gitee.Gitee(), "gitlab": gitlab.GitLab()}
USUAL = {  # host → kind and address of its API
    "github.com": ("github", "https://api.github.com"),
    "gitee.com": ("gitee", "https://gitee.com/api/v5"),
    "gitlab.com": ("gitlab", "https://gitlab.com/api/v4"),
}
