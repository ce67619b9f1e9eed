"""People and organisations 企业/组织: names, memberships, teams, tokens, keys, the security log, site administration."""
