/// When small flights are sent a second time as a protection against loss.
public enum ShieldMode: String, Sendable, CaseIterable {
  case off
  /// After a loss, for the next 60 seconds or 1000 packets, whichever is longer; handshakes always.
  case auto
  case always
}
