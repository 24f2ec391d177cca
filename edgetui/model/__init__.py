"""What is known: pure data and pure functions, without I/O, asyncio or Textual."""
