enum HTTP3Placeholder {}
