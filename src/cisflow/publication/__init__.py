"""What a reader sees: findings, tables, figures, paper."""
