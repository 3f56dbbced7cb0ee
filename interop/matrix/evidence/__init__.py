"""What crossed the wire, as evidence: captured without the peers' help, decrypted with quicgw's keys where headers do not say enough."""
