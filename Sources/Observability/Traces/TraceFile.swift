/// The trace of one connection; lives on the connection's loop.
public final class TraceFile {
  private let file: AppendedFile
  private let folder: TraceFolder
  private var isOver = false

  init(file: AppendedFile, folder: TraceFolder) {
    self.file = file
    self.folder = folder
  }

  /// Takes whole records; does nothing after something went wrong.
  public func write(_ records: [UInt8]) {
    guard !isOver, !file.isStopped else { return }
    if !folder.write(records, to: file) { isOver = true }
  }

  /// Nothing more comes.
  public func end() {
    isOver = true
    folder.close(file)
  }
}
