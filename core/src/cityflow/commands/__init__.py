"""The subcommands of `cityflow`: they read arguments and print results, nothing else."""
