enum ObservabilityPlaceholder {}
