"""What a person looks at: clusters merged, filtered and sorted rows, the timeline, related objects."""
