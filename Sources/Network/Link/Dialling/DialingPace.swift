/// How an edge paces its dialling. Pauses are those between rounds over all addresses of a core; each is between half and one and
/// a half times as long, by chance, so that a fleet does not come back as one.
struct DialingPace: Sendable {
  /// RFC 8305 §5's Connection Attempt Delay.
  var nextAddressAfter = Duration.milliseconds(250)
  /// While a request waits, so that it is answered a round trip or two after the link is back.
  var eagerPause = Duration.milliseconds(200)
  /// A link that is down for longer is not dialled eagerly.
  var eagerFor = Duration.seconds(60)
  /// An attempt repeats its first packet after one second and after three, so that about one datagram a second leaves.
  var pause = Duration.seconds(2)
  /// The first pause of an edge that has had no link yet: its core may be about to start, too. The next ones are as long as it has
  /// dialled already, up to the others.
  var firstPause = Duration.milliseconds(250)
  /// From when on the link is dialled seldom.
  var lateAfter = Duration.seconds(600)
  var latePause = Duration.seconds(15)
  /// The least pause after a refusal; doubles with each further one.
  var firstRefusedPause = Duration.milliseconds(100)
  var longestRefusedPause = Duration.seconds(2)
  /// How long no further attempt is made after a core has answered one.
  var patience = Duration.seconds(2)
  /// The same after a Retry; less than what a core keeps a client in its line for.
  var patienceInLine = Duration.seconds(8)
  /// An attempt without a sign of the core gives way to a new one after so long: its own packets leave ever more seldom. On a
  /// long path the answer to it may be on its way until then.
  var silentFor = Duration.seconds(3)
  /// How often the name is looked up again.
  var roundsPerLookUp = 5

  static let defaults = DialingPace()
}
