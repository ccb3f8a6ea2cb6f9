"""The engine: what was read is made durable (`spool`), written (`writer`), and noted (`ledger`)."""
