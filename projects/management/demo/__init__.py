"""Demo content: people, organisations and repositories after the talk 鹏城云脑开源生态与数据共享安全. Figures of the talk appear as dated quotations only."""
