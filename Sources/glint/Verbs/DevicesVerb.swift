import ArgumentParser
import Compute
import Formats
import Foundation
import Workflow

struct DevicesVerb: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "List the compute devices.",
    discussion: """
      EXAMPLE:
        glint devices --json
      """)

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let devices = Devices.all.map(\.info)
    if json {
      print(String(decoding: try JSONEncoder.indented.encode(devices), as: UTF8.self))
      return
    }
    let best = Devices.best().info.name
    for info in devices {
      let mark = info.name == best ? "*" : " "
      let memory = String(format: "%.1f GiB", Double(info.memory) / 0x1p30)
      print(
        "\(mark) \(info.name.padding(toLength: 14, withPad: " ", startingAt: 0))"
          + "\(info.kind.rawValue), \(info.hardware), \(info.units) units, \(memory), \(info.driver)"
      )
    }
    print("* is the device that --device best selects")
    if let fault = Devices.openCL.fault {
      say("no OpenCL device: \(fault.explanation.text { "--\($0.name)" })")
    }
  }
}
