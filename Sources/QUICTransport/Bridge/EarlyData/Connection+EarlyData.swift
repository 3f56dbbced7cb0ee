internal import CNgtcp2
internal import NIOCore

/// What became of a connection's early data (RFC 8446 §2.3).
public enum EarlyData: Sendable, Hashable {
  /// There is none: it was not offered, or the ticket was of no use.
  case none
  /// A client has offered it and waits for the server's answer.
  case offered
  /// The server has taken it.
  case accepted
  /// The server has refused it.
  case rejected
}

/// Why a server has refused early data in a session that it has resumed.
public enum EarlyDataRefusal: Sendable, Hashable {
  /// Its record knows the flight: somebody sends a copy (RFC 8446 §8.2).
  case seen
  /// Its record is full or cannot be written.
  case unrecorded
  /// The ticket is older than the record, or the age that the client names is none that it can have (RFC 8446 §8.3).
  case untimely
}

extension Connection {
  public var isEarly: Bool { earlyData == .offered }

  /// Starts the application of a client before the server has answered, if the ticket can be used for early data.
  func startEarly() {
    guard isClient, let ticket = clientTLS.ticket, let tls, tls.offersEarlyData,
      let choice = applications.first(where: { $0.name == ticket.applicationProtocol })
    else { return }
    unsafe ticket.limits.remember(in: conn)
    earlyData = .offered
    applicationProtocol = choice.name
    applications = []
    let application = choice.makeApplication(self)
    self.application = application
    recordFailure { () throws(ApplicationError) in try application.start(on: self) }
  }

  /// The server's decision, which ngtcp2 does not learn from GnuTLS by itself.
  ///
  /// - Returns: false when the application has thrown.
  func settleEarlyData(_ tls: TLSSession) -> Bool {
    guard isClient, earlyData == .offered else { return true }
    let isAccepted = tls.isEarlyDataAccepted
    earlyData = isAccepted ? .accepted : .rejected
    if !isAccepted {
      counts.openStreams = 0
      acknowledged = (StreamID(rawValue: -1), 0, 0)
      guard unsafe ngtcp2_conn_early_data_rejected(conn) == 0 else { return false }
    }
    return recordFailure { () throws(ApplicationError) in try application?.earlyDataDecided(isAccepted: isAccepted, on: self) }
  }

  /// Tells what a server has done about the client's early data, once and after the client's certificate was verified.
  func recordEarlyDecision(_ tls: TLSSession) {
    guard earlyData == .none else { return }
    if let flight = tls.flight, tls.isEarlyDataAccepted {
      earlyData = .accepted
      record(.earlyDataTaken(identity: tls.peerIdentity, flight: flight))
    } else if let verdict = tls.flightRefusal {
      earlyData = .rejected
      record(.earlyDataRefused(verdict == .seen ? .seen : .unrecorded))
    } else if tls.flight == nil, tls.clientOffersEarlyData {
      earlyData = .rejected
      record(.earlyDataRefused(.untimely))
    }
  }
}

extension RememberedLimits {
  /// What the server of a connection allows; nil before it has said so.
  init?(of conn: OpaquePointer?) {
    guard let parameters = unsafe ngtcp2_conn_get_remote_transport_params(conn)?.pointee else { return nil }
    unsafe self.init(values: [
      parameters.initial_max_data, parameters.initial_max_stream_data_bidi_local, parameters.initial_max_stream_data_bidi_remote,
      parameters.initial_max_stream_data_uni, parameters.initial_max_streams_bidi, parameters.initial_max_streams_uni,
      parameters.active_connection_id_limit, parameters.max_datagram_frame_size,
    ])
  }

  /// Lets streams be opened and data be sent within these limits before the server has named new ones.
  func remember(in conn: OpaquePointer?) {
    var parameters = unsafe ngtcp2_transport_params()
    unsafe ngtcp2_transport_params_default_versioned(NGTCP2_TRANSPORT_PARAMS_VERSION, &parameters)
    unsafe parameters.initial_max_data = data
    unsafe parameters.initial_max_stream_data_bidi_local = streamDataBidirectionalLocal
    unsafe parameters.initial_max_stream_data_bidi_remote = streamDataBidirectionalRemote
    unsafe parameters.initial_max_stream_data_uni = streamDataUnidirectional
    unsafe parameters.initial_max_streams_bidi = bidirectionalStreams
    unsafe parameters.initial_max_streams_uni = unidirectionalStreams
    unsafe parameters.active_connection_id_limit = activeConnectionIDs
    unsafe parameters.max_datagram_frame_size = datagramFrameBytes
    unsafe ngtcp2_conn_set_early_remote_transport_params_versioned(conn, NGTCP2_TRANSPORT_PARAMS_VERSION, &parameters)
  }
}
