import HTTPMessage
import NIOCore

/// Writes field lines straight from a section's storage into one stretch of a buffer's memory.
///
/// What could end a line early is refused here a second time: heads come from other wires, and this is where they become text.
enum FieldLineWriter {
  /// What the writer saw among the fields it left out or changed.
  struct Notes {
    var hasTE = false
    var isSound = true
  }

  /// Appends `name: value` lines for all fields that may travel on this connection, cookie crumbs joined (RFC 9113 §8.2.3).
  /// - Parameter keepsContentLength: whether Content-Length is written as it is.
  static func write(_ fields: FieldSection, to buffer: inout ByteBuffer, keepsContentLength: Bool) -> Notes {
    var notes = Notes()
    unsafe fields.withRawFields { raw in
      var room = 0
      for index in unsafe 0..<raw.count { unsafe room += raw.name(at: index).count + raw.value(at: index).count + 4 }
      _ = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
        var cursor = unsafe Cursor(memory: memory)
        var firstCookie: Int?
        for index in unsafe 0..<raw.count {
          let name = unsafe raw.name(at: index)
          switch unsafe Handling.of(name) {
          case .leaveOut: continue
          case .contentLength where !keepsContentLength: continue
          case .te: notes.hasTE = true
          case .cookie:
            if firstCookie != nil { continue }
            firstCookie = index
          case .write, .contentLength: break
          }
          unsafe cursor.putName(name)
          unsafe cursor.put(UInt8(ascii: ":"), UInt8(ascii: " "))
          unsafe cursor.put(raw.value(at: index))
          if index == firstCookie {
            for crumb in unsafe index + 1..<raw.count where unsafe Handling.of(raw.name(at: crumb)) == .cookie {
              unsafe cursor.put(UInt8(ascii: ";"), UInt8(ascii: " "))
              unsafe cursor.put(raw.value(at: crumb))
            }
          }
          unsafe cursor.put(0x0d, 0x0a)
        }
        notes.isSound = unsafe cursor.isSound
        return unsafe cursor.count
      }
    }
    return notes
  }

  /// Which fields are not simply written.
  private enum Handling {
    case write, leaveOut, contentLength, te, cookie

    static func of(_ name: UnsafeRawBufferPointer) -> Handling {
      guard let first = unsafe name.first, first != UInt8(ascii: ":") else { return .leaveOut }
      switch name.count {
      case 2 where unsafe name.elementsEqual("te".utf8): return .te
      case 4 where unsafe name.elementsEqual("host".utf8): return .leaveOut
      case 6 where unsafe name.elementsEqual("cookie".utf8): return .cookie
      case 7 where unsafe name.elementsEqual("upgrade".utf8): return .leaveOut
      case 10 where unsafe name.elementsEqual("connection".utf8) || name.elementsEqual("keep-alive".utf8): return .leaveOut
      case 14 where unsafe name.elementsEqual("content-length".utf8): return .contentLength
      case 16 where unsafe name.elementsEqual("proxy-connection".utf8): return .leaveOut
      case 17 where unsafe name.elementsEqual("transfer-encoding".utf8): return .leaveOut
      default: return .write
      }
    }
  }

  @unsafe
  private struct Cursor {
    let memory: UnsafeMutableRawBufferPointer
    var count = 0
    var isSound = true

    init(memory: UnsafeMutableRawBufferPointer) {
      unsafe self.memory = unsafe memory
    }

    mutating func put(_ bytes: UnsafeRawBufferPointer) {
      // Without an early exit the compiler checks many bytes at a time.
      var bad: UInt8 = 0
      for index in 0..<bytes.count {
        let byte = unsafe bytes[index]
        bad |= (byte < 0x20 && byte != 0x09) || byte == 0x7f ? 1 : 0
      }
      if bad != 0 { unsafe isSound = false }
      unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count..<count + bytes.count]).copyMemory(from: bytes)
      unsafe count += bytes.count
    }

    mutating func putName(_ bytes: UnsafeRawBufferPointer) {
      for index in 0..<bytes.count where unsafe bytes[index] <= 0x20 || bytes[index] == UInt8(ascii: ":") {
        unsafe isSound = false
      }
      unsafe put(bytes)
    }

    mutating func put(_ first: UInt8, _ second: UInt8) {
      unsafe memory[count] = first
      unsafe memory[count + 1] = second
      unsafe count += 2
    }
  }
}
