"""Commands that replace Scrapy's own in this project (Scrapy's setting COMMANDS_MODULE)."""
