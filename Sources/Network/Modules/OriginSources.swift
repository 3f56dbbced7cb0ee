import Exchange
import Gateway
import HTTPMessage
import ModuleProxy
import NIOCore

/// The services of a core as sources of modules, whichever their origins are after reloads.
struct OriginSources {
  private let options: ModuleOptions
  private let eventLoop: any EventLoop
  private let find: (_ service: String) -> Service?
  private let pool: (Service) -> any ExchangeHandler

  init(
    _ options: ModuleOptions, eventLoop: any EventLoop, find: @escaping (_ service: String) -> Service?,
    pool: @escaping (Service) -> any ExchangeHandler
  ) {
    self.options = options
    self.eventLoop = eventLoop
    self.find = find
    self.pool = pool
  }

  func sources(of service: String) -> ModuleSources {
    let own = ReaddressedSource(origins(of: service)) { [find] head in find(service)?.addBasePath(to: &head) }
    return options.sources(of: service, own: own) { name in
      let isPublic = options.publicSources.contains(name)
      return ReaddressedSource(following(name)) { [find] head in
        // The cache is given paths without it, so that it need not know which one a reload has brought.
        find(service)?.addBasePath(to: &head)
        if name != service, let own = find(service), let other = find(name) { other.readdress(&head, from: own) }
        // Who asks is nobody's business outside.
        if isPublic { for field in Self.personal { head.fields.remove(field) } }
      }
    }
  }

  private func origins(of service: String) -> any ExchangeHandler {
    CurrentOrigins(service: service) { [find, pool] in find(service).map(pool) }
  }

  private func following(_ service: String) -> any ExchangeHandler {
    RedirectFollower(origins(of: service), eventLoop: eventLoop) { [find, pool, hosts = options.redirectHosts] redirect, head in
      guard let service = find(service) else { return nil }
      if service.isOrigin(redirect, of: head) { return .origin }
      guard hosts.contains(where: { $0.takes(redirect) }) else { return nil }
      return .other(pool(service.elsewhere(redirect)))
    }
  }

  private static let personal: [FieldName] = [.quicgwEdge, .forwarded, .cookie]
}

extension Service {
  /// Whether a redirect stays at the service's origins: at one by its name, or at whoever was asked under that name.
  fileprivate func isOrigin(_ redirect: Redirect, of head: RequestHead) -> Bool {
    let isSecure = redirect.scheme == .https
    if let authority = head.authority, (origins.first?.scheme == .https) == isSecure,
      RedirectHost(String(decoding: authority, as: UTF8.self))?.takes(redirect) == true
    {
      return true
    }
    return origins.contains {
      ($0.scheme == .https) == isSecure && $0.socketPath == nil
        && $0.host.lowercased() == redirect.host && $0.port == redirect.port
    }
  }

  /// Another host for the same content, certified by the same authorities.
  fileprivate func elsewhere(_ redirect: Redirect) -> Service {
    let origin = OriginURL(scheme: redirect.scheme == .https ? .https : .http, host: redirect.host, port: redirect.port)
    return Service(
      name: "\(name) at \(origin)", origins: [origin], host: .origin, trust: trust, responseHeadTimeout: responseHeadTimeout)
  }
}
