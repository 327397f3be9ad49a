"""Questions to networks: how they travel (mailbox), and the one process per device that answers them in batches."""
