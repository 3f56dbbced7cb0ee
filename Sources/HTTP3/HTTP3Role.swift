/// The HTTP role of one end: who sends requests. On reversed connections it is not the QUIC role.
public enum HTTP3Role: Sendable {
  case client, server
}
