"""The only way to a write: permissions, confirmation, the audit record before and after, and what it says was done."""
