/// Every metric, declared once: the raw value is its name, which ends in its unit (or in what is counted, for plain numbers).
///
/// Label sets are bounded: enumerations of `Events`, services of the configuration (others are `-`), certificates and an
/// edge's own connections.
enum Metric: String, CaseIterable {
  // Requests; the direction is edge_to_core or core_to_edge.
  case requests = "quicgw_requests_total"
  case requestBytes = "quicgw_request_bytes_total"
  case responseBytes = "quicgw_response_bytes_total"
  case requestDuration = "quicgw_request_duration_seconds"
  case requestOutcomes = "quicgw_request_outcomes_total"
  case grpcResponses = "quicgw_grpc_responses_total"
  case openExchanges = "quicgw_open_exchanges"
  case originFailures = "quicgw_origin_failures_total"
  case originChanges = "quicgw_origin_state_changes_total"
  case refusedMessages = "quicgw_refused_messages_total"

  // QUIC connections
  case connections = "quicgw_connections"
  case openStreams = "quicgw_open_streams"
  case handshakes = "quicgw_handshakes_total"
  case handshakeDuration = "quicgw_handshake_duration_seconds"
  case closedConnections = "quicgw_closed_connections_total"
  case migrations = "quicgw_migrations_total"
  case addressChanges = "quicgw_address_changes_total"
  case earlyData = "quicgw_early_data_total"
  case earlyRequests = "quicgw_early_requests_total"
  case roundTrip = "quicgw_round_trip_seconds"
  case congestionWindow = "quicgw_congestion_window_bytes"
  case bytesInFlight = "quicgw_bytes_in_flight"
  case packetsSent = "quicgw_packets_sent_total"
  case packetsReceived = "quicgw_packets_received_total"
  case packetsLost = "quicgw_packets_lost_total"
  case copiesSent = "quicgw_copies_sent_total"
  case copyBytes = "quicgw_copy_bytes_sent_total"
  case connectionBytes = "quicgw_connection_bytes_total"

  // Each connection of an edge
  case linkRoundTrip = "quicgw_link_round_trip_seconds"
  case linkMinimumRoundTrip = "quicgw_link_minimum_round_trip_seconds"
  case linkCongestionWindow = "quicgw_link_congestion_window_bytes"
  case linkState = "quicgw_link_state"
  case reversedLinkState = "quicgw_reversed_link_state"
  case linkChanges = "quicgw_link_changes_total"
  case linkDials = "quicgw_link_dials_total"
  case silentCoreDatagrams = "quicgw_silent_core_datagrams_total"
  case repeatedRequests = "quicgw_repeated_requests_total"

  // The edges of a core
  case connectedEdges = "quicgw_connected_edges"
  case edgeChanges = "quicgw_edge_changes_total"

  // Datagrams
  case datagrams = "quicgw_datagrams_total"
  case datagramBytes = "quicgw_datagram_bytes_total"
  case segmentedBatches = "quicgw_gso_batches_total"
  case coalescedReads = "quicgw_gro_reads_total"
  case refusedDatagrams = "quicgw_refused_datagrams_total"
  case disabledOffloads = "quicgw_disabled_offloads"

  // The cache of Go modules
  case moduleAnswers = "quicgw_module_answers_total"
  case moduleSavedBytes = "quicgw_module_saved_bytes_total"
  case moduleResumes = "quicgw_module_resumed_transfers_total"
  case moduleRefusals = "quicgw_module_refused_downloads_total"
  case moduleFailures = "quicgw_module_failed_downloads_total"
  case moduleEvictions = "quicgw_module_evicted_entries_total"
  case moduleEvictedBytes = "quicgw_module_evicted_bytes_total"
  case moduleDamages = "quicgw_module_damaged_files_total"
  case moduleStorageFailures = "quicgw_module_storage_failures_total"
  case moduleSharedLookups = "quicgw_module_shared_lookups_total"
  case moduleUsage = "quicgw_module_cache_bytes"

  // The process
  case buildInfo = "quicgw_build_info"
  case reloads = "quicgw_reloads_total"
  case certificateExpiry = "quicgw_certificate_expiry_seconds"
  case eventLoops = "quicgw_event_loops"
  case processCPU = "process_cpu_seconds_total"
  case processResident = "process_resident_memory_bytes"
  case processOpenFiles = "process_open_fds"
  case processMaximumFiles = "process_max_fds"
  case processStart = "process_start_time_seconds"
}

extension Metric {
  /// Prometheus' metric types, as the text format names them.
  enum Kind: String {
    case counter, gauge, histogram
  }

  var kind: Kind {
    switch self {
    case .requestDuration, .handshakeDuration: .histogram
    case .openExchanges, .connections, .openStreams, .roundTrip, .congestionWindow, .bytesInFlight, .linkRoundTrip,
      .linkMinimumRoundTrip, .linkCongestionWindow, .linkState, .reversedLinkState, .connectedEdges, .disabledOffloads,
      .buildInfo, .certificateExpiry, .eventLoops, .moduleUsage, .processResident, .processOpenFiles, .processMaximumFiles,
      .processStart:
      .gauge
    default: .counter
    }
  }

  /// What the metric says, for the HELP line.
  var help: String {
    switch self {
    case .requests: "Requests that are over, by service, direction and class of the final status (none: no answer)."
    case .requestBytes: "Bytes of content that clients sent."
    case .responseBytes: "Bytes of content that clients were sent."
    case .requestDuration: "Time from a request's head to the end of its exchange, in seconds."
    case .requestOutcomes: "Requests that are over, by how they ended."
    case .grpcResponses: "gRPC calls that are over, by grpc-status."
    case .openExchanges: "Requests and tunnels that are open now."
    case .originFailures: "Failures of origins, by service."
    case .originChanges: "Origins that went out of use or came back, by service and new state."
    case .refusedMessages: "HTTP messages refused as malformed or not allowed, by wire and cause."
    case .connections: "QUIC connections, by phase."
    case .openStreams: "Streams of all QUIC connections that are open now."
    case .handshakes: "QUIC handshakes, by result (full, resumed, failed) and cause of failure."
    case .handshakeDuration: "Time from a handshake's first datagram to its completion, in seconds."
    case .closedConnections: "QUIC connections that were established and have ended, by cause."
    case .migrations: "Changes of a connection's path that were validated."
    case .addressChanges: "Changes of the address that datagrams to a core leave from."
    case .earlyData: "Early data (0-RTT) of connections, by what became of it."
    case .earlyRequests:
      "Requests in early data, by what was done: sent by an edge, served by a core, answered 425 and sent again."
    case .roundTrip: "Smoothed round-trip time over the established connections, in seconds: their minimum, median and maximum."
    case .congestionWindow: "Congestion windows of all connections together, in bytes."
    case .bytesInFlight: "Bytes of all connections that are sent and not yet acknowledged or lost."
    case .packetsSent: "QUIC packets sent."
    case .packetsReceived: "QUIC packets received."
    case .packetsLost: "QUIC packets declared lost."
    case .copiesSent: "Datagrams sent a second time as a protection against loss, counted among the packets sent too."
    case .copyBytes: "Bytes of those datagrams."
    case .connectionBytes: "Bytes of QUIC packets, by direction."
    case .linkRoundTrip: "Smoothed round-trip time of each of this edge's connections, in seconds."
    case .linkMinimumRoundTrip: "Smallest round-trip time of each of this edge's connections, in seconds."
    case .linkCongestionWindow: "Congestion window of each of this edge's connections, in bytes."
    case .linkState: "1 for the state that the edge's link to the core is in."
    case .reversedLinkState: "1 for the state of the connection by which the core sends requests to this edge."
    case .linkChanges: "Changes of the link's state, by the new state."
    case .linkDials: "Attempts to reach a core, by whether they were made beside a connection that did not answer."
    case .silentCoreDatagrams: "Datagrams sent on connections that did not answer: PINGs, and what was sent again."
    case .repeatedRequests: "Requests sent again on another connection because theirs did not answer or was lost."
    case .connectedEdges: "Connections by which edges can be called now."
    case .edgeChanges: "What happened to edges that can be called, by what it was."
    case .datagrams: "UDP datagrams, by direction."
    case .datagramBytes: "Bytes of UDP datagrams, by direction."
    case .segmentedBatches: "Sends of several datagrams in one system call (UDP_SEGMENT)."
    case .coalescedReads: "Reads that brought several datagrams at once (UDP_GRO)."
    case .refusedDatagrams: "Datagrams dropped without reaching a connection, by cause."
    case .disabledOffloads: "1 for a help of the kernel's that was found not to work and is off."
    case .moduleAnswers:
      "Answers of the module cache: hit, miss, collapsed (with another's fetch), shared (a replica's), stale, bypass (passed on)."
    case .moduleSavedBytes: "Bytes of content that were not fetched for their request: hits, collapsed, shared and stale answers."
    case .moduleResumes: "Transfers of zips that broke off and went on where they had stopped."
    case .moduleRefusals: "Downloads that were thrown away, by cause."
    case .moduleFailures: "Downloads that failed after their last retry."
    case .moduleEvictions: "Entries removed from the module cache to make room, or unused for too long."
    case .moduleEvictedBytes: "Bytes of those entries."
    case .moduleDamages: "Files of the module cache that were not what they had been, and were removed."
    case .moduleStorageFailures: "Times that the module cache's folder could not be read or written."
    case .moduleSharedLookups: "Questions to the store that replicas share, by what became of them."
    case .moduleUsage: "Bytes that the module cache takes on the disk."
    case .buildInfo: "Always 1; version, role and instance of the process are in the labels."
    case .reloads: "Reloads of the configuration, by result."
    case .certificateExpiry: "Seconds until a certificate expires; negative afterwards."
    case .eventLoops: "Event loops that these figures are from."
    case .processCPU: "User and system CPU time of the process, in seconds."
    case .processResident: "Resident memory of the process, in bytes."
    case .processOpenFiles: "Open file descriptors of the process."
    case .processMaximumFiles: "File descriptors that the process may open."
    case .processStart: "When the process started, in seconds since 1970."
    }
  }
}
