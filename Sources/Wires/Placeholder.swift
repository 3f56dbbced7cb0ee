enum WiresPlaceholder {}
