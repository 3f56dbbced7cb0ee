enum QUICTransportPlaceholder {}
