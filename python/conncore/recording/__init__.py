"""What happened in one episode: `record` runs it again and keeps all of it."""
