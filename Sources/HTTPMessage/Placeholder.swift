enum HTTPMessagePlaceholder {}
