enum NetworkPlaceholder {}
