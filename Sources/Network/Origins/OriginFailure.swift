import Exchange
import Gateway
import NIOCore
import NIOPosix
import NIOSSL

/// Turns the errors of opening a connection into the gateway's.
enum OriginFailure {
  /// Nothing of the request was sent, so all of these may be tried again.
  static func gatewayError(for error: any Error, origin: OriginURL, timeout: TimeAmount) -> GatewayError {
    func failure(_ cause: GatewayError.Cause, _ message: String) -> GatewayError {
      GatewayError(cause, side: .origin, retry: .safe, message: message)
    }
    switch error {
    case let error as NIOConnectionError where error.connectionErrors.isEmpty:
      return failure(.dnsError, "the name of origin \(origin) cannot be resolved; check it and the resolver")
    case let error as NIOConnectionError:
      let causes = error.connectionErrors.map(\.error)
      if let refusal = causes.lazy.compactMap({ $0 as? IOError }).first { return refusedConnection(refusal, origin: origin) }
      return failure(.connectionTimeout, "origin \(origin) did not accept a connection within \(timeout.text)")
    case ChannelError.connectTimeout:
      return failure(.connectionTimeout, "origin \(origin) did not accept a connection within \(timeout.text)")
    case OriginConnectionError.notReadyInTime:
      let missing = origin.scheme == .h2c ? "HTTP/2's SETTINGS did not come" : "TLS (or HTTP/2's SETTINGS on it) was not ready"
      return failure(.connectionTimeout, "origin \(origin) accepted a connection, but \(missing) within \(timeout.text)")
    case OriginConnectionError.closedBeforeSettings:
      return failure(
        .httpProtocolError, "origin \(origin) closed a connection before it sent HTTP/2's SETTINGS; does it speak HTTP/2?")
    case let error as IOError:
      return refusedConnection(error, origin: origin)
    case let error as NIOSSLError where "\(error)".contains("CERTIFICATE_VERIFY_FAILED"):
      return failure(
        .tlsCertificateError, "the certificate of origin \(origin) is not signed by an authority that the service trusts")
    case let error as NIOSSLError:
      return failure(.tlsProtocolError, "TLS to origin \(origin) failed: \(reason(error)); does it speak TLS there?")
    case let error as NIOSSLExtraError where error == .failedToValidateHostname:
      return failure(.tlsCertificateError, "the certificate of origin \(origin) is not for \(origin.host)")
    case let error as NIOSSLExtraError:
      return failure(.tlsCertificateError, "the certificate of origin \(origin) was refused: \(error)")
    default:
      return failure(.destinationUnavailable, "origin \(origin) cannot be reached: \(error)")
    }
  }

  /// BoringSSL's own words, such as `WRONG_VERSION_NUMBER`, out of a text with numbers, source files and lines.
  private static func reason(_ error: NIOSSLError) -> String {
    let words = "\(error)".split { !($0.isUppercase || $0 == "_" || $0.isNumber) }
    guard let word = words.last(where: { $0.contains("_") && $0.contains(where: \.isUppercase) }) else {
      return "the handshake broke off"
    }
    return word.lowercased().replacing("_", with: " ")
  }

  private static func refusedConnection(_ error: IOError, origin: OriginURL) -> GatewayError {
    if error.errnoCode == ECONNREFUSED {
      let message = "origin \(origin) refused the connection; is it running?"
      return GatewayError(.connectionRefused, side: .origin, retry: .safe, message: message)
    }
    if error.errnoCode == ENOENT, origin.socketPath != nil {
      let message = "there is no socket \(origin); is its server running?"
      return GatewayError(.connectionRefused, side: .origin, retry: .safe, message: message)
    }
    let message = "origin \(origin) cannot be reached: \(error)"
    return GatewayError(.destinationUnavailable, side: .origin, retry: .safe, message: message)
  }
}

extension TimeAmount {
  /// As an operator writes it: `5s`, `250ms`.
  var text: String {
    nanoseconds % 1_000_000_000 == 0 ? "\(nanoseconds / 1_000_000_000)s" : "\(nanoseconds / 1_000_000)ms"
  }
}
