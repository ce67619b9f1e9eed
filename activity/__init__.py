"""What happened, told: webhooks out, notifications and their mails, feeds and project pulse."""
