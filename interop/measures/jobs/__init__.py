"""A measure on links: one process for each subject, with a world of its own; `job` is that process, `run` starts them and hears of them."""
