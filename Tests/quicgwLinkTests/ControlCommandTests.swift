import LinkEmulator
import Testing

@testable import quicgw_link

@Suite struct ControlCommandTests {
  @Test(arguments: [
    ("down", "a command is a JSON object in one line"), ("{\"do\":\"down\"", "a command is a JSON object in one line"),
    ("[]", "a command is a JSON object in one line"),
    ("{}", "do: must be set, down, up, black_out or counters"),
    ("{\"do\":3}", "do: must be a string"),
    ("{\"do\":\"fly\"}", "do: must be set, down, up, black_out or counters, not “fly”"),
    ("{\"do\":\"down\",\"seconds\":3}", "seconds: is not known; known here: do"),
    ("{\"do\":\"black_out\"}", "seconds: is missing"),
    ("{\"do\":\"black_out\",\"seconds\":-1}", "seconds: must be a number from 0 to 86400"),
    ("{\"do\":\"black_out\",\"seconds\":true}", "seconds: must be a number from 0 to 86400"),
    ("{\"do\":\"set\",\"forward\":{}}", "backward: is missing; {} is a perfect link"),
    ("{\"do\":\"set\",\"forward\":[],\"backward\":{}}", "forward: must be an object"),
    ("{\"do\":\"set\",\"forward\":{},\"backward\":{},\"seed\":1}", "seed: is not known; known here: do, forward, backward"),
  ])
  func mistakesAreNamedWithTheirPlace(line: String, problem: String) {
    #expect(throws: ControlError(problem)) { try ControlCommand(line) }
  }

  @Test(arguments: [
    ("\"los\":0.1", "los: is not known; known here: delay_ms, jitter_ms, loss, loss_run, burst, blackouts, rate_mbit, "
      + "queue_packets, queue_bytes, reorder, reorder_delay_ms, duplicate, corrupt, corrupt_unnoticed, drop_list"),
    ("\"loss\":1.5", "loss: must be a number from 0 to 1"), ("\"loss\":\"0.1\"", "loss: must be a number from 0 to 1"),
    ("\"loss\":true", "loss: must be a number from 0 to 1"), ("\"corrupt\":-0.1", "corrupt: must be a number from 0 to 1"),
    ("\"delay_ms\":-1", "delay_ms: must be a number from 0 to 600000"),
    ("\"rate_mbit\":0", "rate_mbit: must be a number from 0.001 to 100000"),
    ("\"queue_packets\":2.5", "queue_packets: must be a whole number from 0 to 10000000"),
    ("\"loss_run\":0", "loss_run: must be a whole number from 1 to 1000000"),
    ("\"burst\":{\"good_to_bad\":0.1}", "burst.bad_to_good: is missing"),
    ("\"burst\":{\"good_to_bad\":0.1,\"bad_to_good\":0.5,\"loss\":1}",
      "burst.loss: is not known; known here: good_to_bad, bad_to_good, loss_in_good, loss_in_bad"),
    ("\"burst\":0.1", "burst: must be an object"),
    ("\"blackouts\":{\"on_s\":5}", "blackouts.off_s: is missing"),
    ("\"drop_list\":2", "drop_list: must be an array"),
    ("\"drop_list\":[1,0]", "drop_list[1]: must be a whole number from 1 to 1000000000"),
    ("\"corrupt_unnoticed\":1", "corrupt_unnoticed: must be true or false"),
  ])
  func mistakesInADirectionAreNamedWithTheirPath(member: String, problem: String) {
    #expect(throws: ControlError("forward.\(problem)")) { try set(member, in: "forward") }
    #expect(throws: ControlError("backward.\(problem)")) { try set(member, in: "backward") }
  }

  @Test func everythingIsTakenAsItIsMeant() throws {
    let (forward, backward) = try set(
      """
      "delay_ms":15,"jitter_ms":2.5,"loss":0.02,"loss_run":3,"burst":{"good_to_bad":0.01,"bad_to_good":0.5,"loss_in_bad":0.9},\
      "blackouts":{"on_s":5,"off_s":2},"rate_mbit":10,"queue_packets":25,"queue_bytes":null,"reorder":0.1,"reorder_delay_ms":7,\
      "duplicate":0.2,"corrupt":0.3,"corrupt_unnoticed":true,"drop_list":[2,3]
      """, in: "forward")
    var expected = LinkConditions(delay: .milliseconds(15), lossProbability: 0.02, bitsPerSecond: 10_000_000)
    expected.jitter = .microseconds(2_500)
    expected.longestLossRun = 3
    expected.burstLoss = BurstLoss(goodToBadProbability: 0.01, badToGoodProbability: 0.5, lossInBad: 0.9)
    expected.repeatingOutage = RepeatingOutage(firstBegin: 5_000_000_077, length: .seconds(2), pause: .seconds(5))
    expected.queueDatagrams = 25
    expected.queueBytes = nil
    expected.reorderingProbability = 0.1
    expected.reorderingDelay = .milliseconds(7)
    expected.duplicationProbability = 0.2
    expected.corruptionProbability = 0.3
    expected.droppedOrdinals = [2, 3]
    #expect(forward.conditions(from: 77) == expected)
    #expect(forward.hidesDamage && !backward.hidesDamage)
  }

  @Test func whatIsNotSaidIsAPerfectLink() throws {
    let (forward, backward) = try set("\"burst\":null,\"rate_mbit\":null,\"loss_run\":null", in: "backward")
    var expected = LinkConditions()
    // A rate that comes without a queue has netem's.
    expected.queueDatagrams = 1000
    expected.queueBytes = nil
    #expect(forward.conditions(from: 0) == expected)
    #expect(backward.conditions(from: 0) == expected)
  }

  @Test func theFirstBlackoutMayComeAtAnyTime() throws {
    let (forward, _) = try set("\"blackouts\":{\"on_s\":5,\"off_s\":2,\"first_s\":0.5}", in: "forward")
    #expect(forward.conditions(from: 1_000).repeatingOutage?.firstBegin == 500_001_000)
  }

  @Test func blackoutsMayComeAtRandom() throws {
    let (forward, _) = try set("\"blackouts\":{\"on_s\":2,\"off_s\":0.5,\"random\":true}", in: "forward")
    let conditions = forward.conditions(from: 1_000)
    #expect(conditions.randomOutages == RandomOutages(meanLength: .milliseconds(500), meanPause: .seconds(2)))
    #expect(conditions.repeatingOutage == nil)
  }

  private func set(
    _ members: String, in direction: String
  ) throws(ControlError) -> (forward: DirectionSettings, backward: DirectionSettings) {
    let other = direction == "forward" ? "backward" : "forward"
    let command = try ControlCommand("{\"do\":\"set\",\"\(direction)\":{\(members)},\"\(other)\":{}}")
    guard case .set(let forward, let backward) = command else { throw ControlError("this is another command") }
    return (forward, backward)
  }
}
