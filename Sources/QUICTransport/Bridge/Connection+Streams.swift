internal import CNgtcp2

extension Connection: StreamTransport {
  public func openBidirectionalStream() -> StreamID? {
    guard isOpen else { return nil }
    var id: Int64 = -1
    guard unsafe ngtcp2_conn_open_bidi_stream(conn, &id, nil) == 0 else { return nil }
    counts.openStreams += 1
    return StreamID(rawValue: id)
  }

  public func openUnidirectionalStream() -> StreamID? {
    guard isOpen else { return nil }
    var id: Int64 = -1
    guard unsafe ngtcp2_conn_open_uni_stream(conn, &id, nil) == 0 else { return nil }
    return StreamID(rawValue: id)
  }

  public var bidirectionalStreamsLeft: UInt64 {
    isOpen ? unsafe ngtcp2_conn_get_streams_bidi_left(conn) : 0
  }

  public var minimumRoundTrip: Duration {
    let minimum = statistics.min_rtt
    return minimum == .max ? .zero : .nanoseconds(Int64(clamping: minimum))
  }

  public func extendStreamCredit(_ stream: StreamID, by byteCount: Int) {
    guard isOpen, byteCount > 0 else { return }
    // A stream that is gone needs no credit.
    _ = unsafe ngtcp2_conn_extend_max_stream_offset(conn, stream.rawValue, UInt64(byteCount))
    setNeedsWrite()
  }

  public func extendBidirectionalStreamLimit(by count: Int) {
    guard isOpen, count > 0 else { return }
    untoldStreams += count
    guard untoldStreams >= configuration.bidirectionalStreamLimit / 4 else { return }
    unsafe ngtcp2_conn_extend_max_streams_bidi(conn, untoldStreams)
    untoldStreams = 0
    setNeedsWrite()
  }

  public func resetStream(_ stream: StreamID, code: UInt64) {
    guard isOpen else { return }
    report(unsafe ngtcp2_conn_shutdown_stream(conn, stream.rawValue, code))
  }

  public func resetSending(_ stream: StreamID, code: UInt64) {
    guard isOpen else { return }
    report(unsafe ngtcp2_conn_shutdown_stream_write(conn, stream.rawValue, code))
  }

  public func stopReading(_ stream: StreamID, code: UInt64) {
    guard isOpen else { return }
    report(unsafe ngtcp2_conn_shutdown_stream_read(conn, stream.rawValue, code))
  }

  public func setNeedsWrite() {
    guard isOpen else { return }
    enrollForWriting()
  }

  private func report(_ result: Int32) {
    if result != 0, result != NGTCP2_ERR_STREAM_NOT_FOUND { fail(result) }
    setNeedsWrite()
  }
}
