// Runs one broken op on the first OpenCL device, for tests that show what a checking device
// reports.
import Compute
import TestSupport

guard let fault = CommandLine.arguments.dropFirst().first.flatMap(FaultyAdd.Fault.init),
  let device = Devices.openCL.devices.first
else { fatalError("usage: planted-faults FAULT, with an OpenCL device") }
let report = try ParityReport([FaultyAdd.sample(fault)], on: [device])
print(report.table)
