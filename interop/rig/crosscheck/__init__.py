"""The userspace link beside the kernel's netem: a second kernel (user-mode Linux) has netem where this one has not."""
