"""The relay (发布): from the outbox of a store to a sink, at least once and in order per instance."""
