"""The setup assistant: one question a page, tested live, nothing written before the last one."""
