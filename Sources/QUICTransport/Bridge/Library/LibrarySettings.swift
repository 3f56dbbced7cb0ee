internal import CNgtcp2
internal import NIOCore

extension ConnectionConfiguration {
  func makeSettings(now: NIODeadline) -> ngtcp2_settings {
    var settings = unsafe ngtcp2_settings()
    unsafe ngtcp2_settings_default_versioned(NGTCP2_SETTINGS_VERSION, &settings)
    unsafe settings.initial_ts = now.uptimeNanoseconds
    unsafe settings.cc_algo = congestionControl.library
    unsafe settings.handshake_timeout = handshakeTimeout.nanoseconds
    unsafe settings.max_tx_udp_payload_size = max(maximumDatagramBytes, 1200)
    unsafe settings.ack_thresh = acknowledgementThreshold
    // Window auto-tuning stays off: ngtcp2 0.12 then closes healthy connections with FLOW_CONTROL_ERROR when a MAX_STREAM_DATA
    // frame does not fit a packet.
    unsafe settings.max_window = 0
    unsafe settings.max_stream_window = 0
    return unsafe settings
  }

  func makeTransportParameters() -> ngtcp2_transport_params {
    var parameters = unsafe ngtcp2_transport_params()
    unsafe ngtcp2_transport_params_default_versioned(NGTCP2_TRANSPORT_PARAMS_VERSION, &parameters)
    unsafe parameters.initial_max_data = connectionWindowBytes
    unsafe parameters.initial_max_stream_data_bidi_local = bidirectionalStreamWindowBytes
    unsafe parameters.initial_max_stream_data_bidi_remote = bidirectionalStreamWindowBytes
    unsafe parameters.initial_max_stream_data_uni = unidirectionalStreamWindowBytes
    unsafe parameters.initial_max_streams_bidi = bidirectionalStreamLimit
    unsafe parameters.initial_max_streams_uni = unidirectionalStreamLimit
    unsafe parameters.max_idle_timeout = idleTimeout.nanoseconds
    unsafe parameters.max_ack_delay = maximumAcknowledgementDelay.nanoseconds
    // For a client's probes; what is in them is not read.
    unsafe parameters.max_datagram_frame_size = ConnectionConfiguration.datagramFrameLimit
    unsafe parameters.active_connection_id_limit = ConnectionConfiguration.activeConnectionIDLimit
    return unsafe parameters
  }

  private static let activeConnectionIDLimit: UInt64 = 7
  private static let datagramFrameLimit: UInt64 = 1200
}

extension ConnectionConfiguration.CongestionControl {
  var library: ngtcp2_cc_algo {
    switch self {
    case .reno: NGTCP2_CC_ALGO_RENO
    case .cubic: NGTCP2_CC_ALGO_CUBIC
    case .bbr: NGTCP2_CC_ALGO_BBR
    case .bbr2: NGTCP2_CC_ALGO_BBR2
    }
  }
}
