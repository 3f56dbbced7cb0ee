/// The pages of the admin endpoint by path. A later page is one more entry.
public struct AdminRoutes {
  private var pages: [String: AdminPage] = [:]

  public init() {}

  /// Adds a page; a page of the same path is replaced.
  /// - Parameter path: absolute, matched exactly, without a query.
  public mutating func add(_ path: String, page: @escaping AdminPage) {
    pages[path] = page
  }

  /// The paths, for the answer to a path that is not among them.
  public var paths: [String] { pages.keys.sorted() }

  func page(of path: String) -> AdminPage? { pages[path] }
}

extension AdminRoutes {
  /// `/livez`, `/readyz` and `/metrics`.
  /// - Parameters:
  ///   - readiness: an edge is ready when its link is confirmed, a core when it listens; neither when it drains.
  ///   - process: the process's facts as they are now.
  ///   - collect: brings the snapshots of all loops, on the endpoint's loop; usually `SnapshotCollector.collect`.
  public static func standard(
    readiness: @escaping () -> Readiness, process: @escaping () -> ProcessFacts,
    collect: @escaping (_ completion: @escaping ([LoopSnapshot]) -> Void) -> Void
  ) -> AdminRoutes {
    var routes = AdminRoutes()
    // To answer at all is to be alive: the loop turns.
    routes.add("/livez") { _, completion in completion(.text(200, "ok")) }
    routes.add("/readyz") { _, completion in
      switch readiness() {
      case .ready: completion(.text(200, "ok"))
      case .notReady(let sentence): completion(.text(503, sentence))
      }
    }
    routes.add("/metrics") { _, completion in
      collect { loops in
        let page = MetricsPage(process: process(), loops: loops, resources: .current(), now: .now())
        completion(AdminAnswer(status: 200, contentType: PrometheusText.contentType, body: page.text()))
      }
    }
    return routes
  }
}
