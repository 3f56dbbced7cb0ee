enum LinkEmulatorPlaceholder {}
