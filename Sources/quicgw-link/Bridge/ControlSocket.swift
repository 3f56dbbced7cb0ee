import CSocket
import Glibc

/// The Unix socket through which the link is told what to do: a line for a command, a line for its answer.
final class ControlSocket {
  private struct Client {
    let descriptor: Int32
    var unread: [UInt8] = []
  }

  /// A command is far shorter; who sends more has lost the thread.
  private static let longestLine = 64 << 10

  private let listener: Int32
  private var clients: [Client] = []

  init(path: String) throws(SystemError) {
    listener = unsafe csocket_listen_local(path)
    guard listener >= 0 else { throw SystemError("the control socket \(path) cannot be opened") }
  }

  /// What to wait for.
  var descriptors: [Int32] { [listener] + clients.map(\.descriptor) }

  /// Takes clients and answers their commands.
  /// - Parameter isReady: for each of `descriptors` whether it is.
  func serve(_ isReady: ArraySlice<Bool>, answer: (String) -> String) {
    for (client, isReady) in zip(clients, isReady.dropFirst()) where isReady { serve(client, answer) }
    guard isReady.first == true else { return }
    let descriptor = accept(listener, nil, nil)
    if descriptor >= 0 { clients.append(Client(descriptor: descriptor)) }
  }

  private func serve(_ client: Client, _ answer: (String) -> String) {
    guard let index = clients.firstIndex(where: { $0.descriptor == client.descriptor }) else { return }
    var block = [UInt8](repeating: 0, count: 4096)
    let count = unsafe recv(client.descriptor, &block, block.count, Int32(MSG_DONTWAIT))
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    guard count > 0 else { return drop(index) }
    clients[index].unread += block[..<count]
    while let end = clients[index].unread.firstIndex(of: UInt8(ascii: "\n")) {
      let line = String(decoding: clients[index].unread[..<end], as: UTF8.self)
      clients[index].unread.removeSubrange(...end)
      // Who does not read a few hundred bytes of answer is not waited for: the packets are.
      guard send(answer(line) + "\n", to: client.descriptor) else { return drop(index) }
    }
    if clients[index].unread.count > Self.longestLine { drop(index) }
  }

  private func send(_ text: String, to descriptor: Int32) -> Bool {
    let bytes = Array(text.utf8)
    return unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) == bytes.count
  }

  private func drop(_ index: Int) {
    close(clients.remove(at: index).descriptor)
  }
}
