"""The office: settings and addresses (办公系统的设置与网址)."""
