internal import CNghttp2
import HTTPMessage
import NIOCore

/// What the callbacks do: they record, and call nothing that could call back.
extension HTTP2Session {
  func headersBegan(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    let id = unsafe frame.pointee.hd.stream_id
    let stream: HTTP2Stream
    if let known = library.stream(id) {
      stream = known
    } else {
      guard role == .server, unsafe frame.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else { return 0 }
      stream = HTTP2Stream(id: id, windowBytes: configuration.streamWindowBytes)
      library.attach(stream)
      adopt(stream)
    }
    stream.fields = FieldSection()
    stream.sectionBytes = 0
    headStream = stream
    return 0
  }

  func headerReceived(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer, flags: UInt8) -> Int32 {
    guard let stream = headStream, !stream.isOversized else { return 0 }
    let limits = configuration.limits
    stream.sectionBytes += name.count + value.count + 32
    guard name.count <= limits.nameBytes, value.count <= limits.valueBytes, stream.sectionBytes <= limits.sectionBytes else {
      stream.isOversized = true
      stream.fields = FieldSection(byteCapacity: 0, fieldCapacity: 0)
      return 0
    }
    unsafe stream.fields.append(
      rawName: name, rawValue: value, neverIndexed: flags & UInt8(NGHTTP2_NV_FLAG_NO_INDEX.rawValue) != 0)
    return 0
  }

  func dataReceived(_ bytes: UnsafeRawBufferPointer, on id: Int32) -> Int32 {
    guard let stream = library.stream(id) else {
      library.consumeConnection(bytes.count)
      return 0
    }
    countReceived(bytes.count, on: stream)
    unsafe events.append(.body(stream, input.slice(bytes)))
    return 0
  }

  func frameReceived(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    let header = unsafe frame.pointee.hd
    let hasEnd = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
    switch UInt32(header.type) {
    case NGHTTP2_DATA.rawValue:
      if hasEnd, let stream = library.stream(header.stream_id) { end(stream, trailers: nil) }
    case NGHTTP2_HEADERS.rawValue:
      if let stream = library.stream(header.stream_id) { sectionReceived(on: stream, hasEnd: hasEnd) }
      headStream = nil
    case NGHTTP2_RST_STREAM.rawValue:
      library.stream(header.stream_id)?.isResetByPeer = true
    case NGHTTP2_SETTINGS.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) == 0 { events.append(.settingsReceived) }
    case NGHTTP2_PING.rawValue:
      if header.flags & UInt8(NGHTTP2_FLAG_ACK.rawValue) != 0 { pingAcknowledged() }
    case NGHTTP2_GOAWAY.rawValue:
      let goAway = unsafe frame.pointee.goaway
      events.append(.goAway(HTTP2ErrorCode(rawValue: unsafe goAway.error_code), lastStreamID: unsafe goAway.last_stream_id))
    default: break
    }
    return 0
  }

  func invalidFrameReceived(_ frame: UnsafePointer<nghttp2_frame>, error: Int32) -> Int32 {
    let header = unsafe frame.pointee.hd
    headStream = nil
    // Without a stream it is either the connection's end, told when GOAWAY is sent, or of no consequence.
    if header.stream_id != 0, let stream = library.stream(header.stream_id) {
      events.append(.refused(stream, .malformed(NGHTTP2Library.describe(Int(error)))))
    }
    return 0
  }

  func frameSent(_ frame: UnsafePointer<nghttp2_frame>) -> Int32 {
    let header = unsafe frame.pointee.hd
    let type = UInt32(header.type)
    if type == NGHTTP2_GOAWAY.rawValue { unsafe goAwaySent(frame.pointee.goaway) }
    guard type == NGHTTP2_HEADERS.rawValue || type == NGHTTP2_DATA.rawValue, let stream = library.stream(header.stream_id) else {
      return 0
    }
    stream.isHeadSent = true
    if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 {
      stream.isEndSent = true
      if stream.resetAfterEnd != nil, !stream.isEndReceived { pendingResets.append(stream) }
    }
    return 0
  }

  func streamClosed(_ id: Int32, code: UInt32) -> Int32 {
    guard let stream = library.stream(id) else { return 0 }
    if role == .server {
      if stream.isHeadSent {
        resetBudget.streamAnswered()
      } else {
        resetBudget.streamResetUnanswered()
      }
    }
    if headStream === stream { headStream = nil }
    reportTaken(stream)
    library.detach(stream)
    forget(stream)
    events.append(.closed(stream, HTTP2ErrorCode(rawValue: code), isByPeer: stream.isResetByPeer))
    return 0
  }

  /// Says how many bytes of content are there for the next DATA frame; they are written by `sendContent`, without a copy between.
  func contentWanted(atMost length: Int, of stream: HTTP2Stream, flags: inout UInt32) -> Int {
    let count = min(length, stream.outgoing.byteCount)
    if count == 0, !stream.isEndQueued {
      stream.isDeferred = true
      return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }
    flags |= NGHTTP2_DATA_FLAG_NO_COPY.rawValue
    if stream.isEndQueued, count == stream.outgoing.byteCount {
      flags |= NGHTTP2_DATA_FLAG_EOF.rawValue
      if let trailers = stream.trailers, !trailers.isEmpty {
        flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM.rawValue
        library.submitTrailers(trailers, stream: stream)
      }
    }
    return count
  }

  /// Writes a DATA frame: nine bytes of header and the content straight from the queue.
  func sendContent(
    _ frame: UnsafeMutablePointer<nghttp2_frame>, header: UnsafePointer<UInt8>, count: Int, of stream: HTTP2Stream, padding: Int
  ) -> Int32 {
    unsafe output.writeBytes(UnsafeRawBufferPointer(start: header, count: 9))
    if padding > 0 { output.writeInteger(UInt8(padding - 1)) }
    stream.outgoing.move(count, to: &output)
    if padding > 1 { output.writeRepeatingByte(0, count: padding - 1) }
    if count > 0 {
      if stream.takenBytes == 0 { takers.append(stream) }
      stream.takenBytes += count
    }
    return output.readableBytes >= pieceBytes ? NGHTTP2_ERR_PAUSE.rawValue : 0
  }

  private func goAwaySent(_ goAway: nghttp2_goaway) {
    let code = HTTP2ErrorCode(rawValue: unsafe goAway.error_code)
    guard code != .noError else { return }
    // The debug data of a GOAWAY that the library makes is its own constant text.
    let text = unsafe UnsafeRawBufferPointer(start: goAway.opaque_data, count: goAway.opaque_data_len)
    libraryTerminated(code, reason: unsafe String(decoding: text, as: UTF8.self))
  }

  private func end(_ stream: HTTP2Stream, trailers: FieldSection?) {
    stream.isEndReceived = true
    events.append(.end(stream, trailers: trailers))
  }

  private func sectionReceived(on stream: HTTP2Stream, hasEnd: Bool) {
    let fields = stream.fields
    stream.fields = FieldSection(byteCapacity: 0, fieldCapacity: 0)
    if stream.hasFinalHead {
      guard !stream.isOversized else { return refuse(stream, .fieldsTooLarge, code: .enhanceYourCalm) }
      end(stream, trailers: fields)
    } else if role == .server {
      requestReceived(fields, on: stream, hasEnd: hasEnd)
    } else {
      responseReceived(fields, on: stream, hasEnd: hasEnd)
    }
  }

  private func requestReceived(_ fields: FieldSection, on stream: HTTP2Stream, hasEnd: Bool) {
    stream.hasFinalHead = true
    if stream.isOversized {
      stream.isOversized = false
      events.append(.requestTooLarge(stream))
    } else {
      var fields = fields
      if let reason = fields.normalizeRequest() { return refuse(stream, .malformed(reason), code: .protocolError) }
      events.append(.requestHead(stream, RequestHead(fields: fields, bodyLength: fields.bodyLength(hasEnd: hasEnd))))
    }
    if hasEnd { end(stream, trailers: nil) }
  }

  private func responseReceived(_ fields: FieldSection, on stream: HTTP2Stream, hasEnd: Bool) {
    guard !stream.isOversized else { return refuse(stream, .fieldsTooLarge, code: .enhanceYourCalm) }
    // nghttp2 has checked that `:status` is there once and has three digits.
    let status = fields.first(.status).flatMap(FieldRules.contentLength).map(Int.init) ?? 0
    guard (100...999).contains(status) else { return refuse(stream, .malformed("bad :status"), code: .protocolError) }
    if status < 200 {
      stream.interimCount += 1
      guard stream.interimCount <= configuration.limits.interimResponses else {
        return refuse(stream, .malformed("interim responses without end"), code: .protocolError)
      }
      events.append(.interimHead(stream, ResponseHead(status: status, fieldsWithStatus: fields, bodyLength: .none)))
      return
    }
    stream.hasFinalHead = true
    let length = fields.bodyLength(hasEnd: hasEnd)
    events.append(.responseHead(stream, ResponseHead(status: status, fieldsWithStatus: fields, bodyLength: length)))
    if hasEnd { end(stream, trailers: nil) }
  }

  private func refuse(_ stream: HTTP2Stream, _ refusal: HTTP2Refusal, code: HTTP2ErrorCode) {
    events.append(.refused(stream, refusal))
    reset(stream, code: code)
  }
}
