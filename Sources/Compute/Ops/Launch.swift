import CPUKernels

/// A vector kernel as declared to Swift by `Kernels/shared`: `glint_cpu_add`.
///
/// Only the returned value is used; the arguments exist for their types, so that a launch accepts
/// the parameters and operands of this kernel and no others.
package typealias CPUKernel<Parameters, Operands> =
  @Sendable (Parameters, Operands) -> glint_cpu_kernel

/// An OpenCL kernel as declared to Swift: `glint_opencl_add`.
package typealias OpenCLKernel<Parameters, Operands> =
  @Sendable (Parameters, Operands) -> glint_opencl_kernel

/// A kernel that exists for both the CPU and OpenCL.
struct KernelPair<Parameters, Operands>: Sendable {
  let cpu: CPUKernel<Parameters, Operands>
  let openCL: OpenCLKernel<Parameters, Operands>

  init(
    _ cpu: @escaping CPUKernel<Parameters, Operands>,
    _ openCL: @escaping OpenCLKernel<Parameters, Operands>
  ) {
    self.cpu = cpu
    self.openCL = openCL
  }
}

/// A tensor of a launch: its index among the op's inputs, outputs, workspace or prepared tensors.
package enum Operand: Hashable, Sendable {
  case input(Int)
  case output(Int)
  case workspace(Int)
  case prepared(Int)
  /// An optional operand that is absent (a null pointer on the CPU).
  case none
}

/// The number of items of a launch.
package enum Items: Hashable, Sendable {
  case fixed(Int)
  /// The first Int32 of an operand when the launch starts, at most `limit`.
  case counted(Operand, limit: Int)

  var limit: Int {
    switch self {
    case .fixed(let count): count
    case .counted(_, let limit): limit
    }
  }
}

/// The code of a vector kernel. Names are unique, so equal names mean equal code.
struct CPUCode: Hashable, Sendable {
  let name: String
  private let kernel: glint_cpu_kernel

  init(_ kernel: glint_cpu_kernel) {
    name = String(cString: kernel.name)
    self.kernel = kernel
  }

  func function(for isa: glint_isa) -> glint_cpu_function { glint_cpu_function_of(kernel, isa) }

  static func == (a: CPUCode, b: CPUCode) -> Bool { a.name == b.name }
  func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// A call of a vector kernel of `CPUKernels` over a range of items, split over threads.
package struct CPULaunch: Hashable, Sendable {
  let code: CPUCode
  let parameters: [UInt8]
  let arguments: [Argument]
  let items: Items
  let grain: Int
  var scratch: Int

  var kernel: String { code.name }
  var operands: [Operand] { arguments.map(\.operand) }

  /// - Parameters:
  ///   - kernel: what to call, for example `glint_cpu_add`.
  ///   - parameters: its parameter struct.
  ///   - operands: its operands by name.
  ///   - items: how many items; the kernel defines what an item is.
  ///   - grain: items that a thread takes at once.
  ///   - scratch: bytes that the kernel needs per thread.
  package init<Parameters: BitwiseCopyable, Operands: BitwiseCopyable>(
    _ kernel: CPUKernel<Parameters, Operands>, _ parameters: Parameters, _ operands: Operands,
    items: Items, grain: Int = 1, scratch: Int = 0
  ) {
    let declared = kernel(parameters, operands)
    code = CPUCode(declared)
    self.parameters = withUnsafeBytes(of: parameters, Array.init)
    arguments = Argument.list(operands, declared: declared.operands, Int(declared.count))
    self.items = items
    self.grain = max(grain, 1)
    self.scratch = scratch
  }
}

/// A call of an OpenCL kernel. Its arguments are the parameter struct, the operands in order, and
/// the number of items (if counted, the limit: the kernel reads the count itself).
package struct OpenCLLaunch: Hashable, Sendable {
  let file: String
  let kernel: String
  let defines: [String: String]
  let parameters: [UInt8]
  let arguments: [Argument]
  let items: Int
  let global: [Int]
  let local: [Int]

  var operands: [Operand] { arguments.map(\.operand) }

  /// - Parameters:
  ///   - kernel: what to call, for example `glint_opencl_add`.
  ///   - defines: compile-time constants.
  ///   - parameters: its parameter struct, passed by value.
  ///   - operands: its operands by name.
  ///   - items: the last argument.
  ///   - global: work-items per axis, rounded up here to a multiple of `local`; nil: `items`.
  ///   - local: work-group size per axis; one size per kernel.
  package init<Parameters: BitwiseCopyable, Operands: BitwiseCopyable>(
    _ kernel: OpenCLKernel<Parameters, Operands>, defines: [String: String] = [:],
    _ parameters: Parameters, _ operands: Operands, items: Int, global: [Int]? = nil,
    local: [Int] = [64]
  ) {
    let declared = kernel(parameters, operands)
    file = String(cString: declared.file)
    self.kernel = String(cString: declared.name)
    self.defines = defines
    self.parameters = withUnsafeBytes(of: parameters, Array.init)
    arguments = Argument.list(operands, declared: declared.operands, Int(declared.count))
    self.items = items
    self.local = local
    self.global = zip(global ?? [items], local).map { max(($0 + $1 - 1) / $1, 1) * $1 }
  }
}
