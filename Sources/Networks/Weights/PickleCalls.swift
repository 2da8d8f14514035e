import Containers

/// A call in a pickle to a function that is not on the list.
struct RefusedGlobal: Error {
  let name: String
}

/// The calls in pickles that are supported; every other is rejected.
enum PickleCalls {
  /// Functions that rebuild tensors, plain containers, and records of a class.
  private static let rebuildsTensor: Set<String> = [
    "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
  ]
  private static let dictionaries: Set<String> = [
    "collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict",
  ]
  private static let lists: Set<String> = [
    "torch.Size", "builtins.set", "__builtin__.set", "builtins.frozenset", "__builtin__.frozenset",
    "builtins.list", "__builtin__.list", "builtins.tuple", "__builtin__.tuple", "collections.deque",
    // From TorchScript.
    "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_boollist",
    "torch.jit._pickle.build_doublelist", "torch.jit._pickle.build_tensorlist",
  ]
  /// Their results are not needed for weights and become empty records.
  private static let inert: Set<String> = [
    "torch.device", "_codecs.encode", "builtins.bytearray", "builtins.slice", "builtins.range",
    "builtins.complex", "collections.Counter", "pathlib.PosixPath", "pathlib.PurePosixPath",
    "pathlib.WindowsPath", "pathlib.PureWindowsPath",
    "datetime.datetime", "datetime.timedelta", "numpy.dtype",
    "numpy.random._pickle.__randomstate_ctor",
    "numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar",
    "torch._utils._rebuild_device_tensor_from_numpy",
  ]
  private static let parameters: Set<String> = [
    "torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state",
    "torch.jit._pickle.restore_type_tag",
  ]
  private static let reconstructors: Set<String> = [
    "copyreg._reconstructor", "copy_reg._reconstructor",
  ]
  /// Modules that no network needs; a reference to one indicates a malicious file.
  private static let systemModules: Set<String> = [
    "os", "posix", "nt", "sys", "subprocess", "builtins", "__builtin__", "shutil", "socket",
    "ctypes",
    "importlib", "runpy", "code", "pty", "webbrowser", "pickle", "marshal", "operator", "functools",
    "asyncio", "multiprocessing", "threading", "signal", "tempfile", "urllib", "http", "io",
  ]

  /// Whether instances of `name` are built by `carryOut` even without a call.
  static func known(_ name: String) -> Bool {
    dictionaries.contains(name) || lists.contains(name) || inert.contains(name)
  }

  static func checkClass(_ name: String) throws(RefusedGlobal) {
    let module = name.split(separator: ".").first.map(String.init) ?? name
    if systemModules.contains(module) { throw RefusedGlobal(name: name) }
  }

  /// Pushes the result of the call, or rejects it.
  static func carryOut(
    _ name: String, _ arguments: [Pickle.Value], in pickle: inout Pickle, _ at: Int
  ) throws {
    if rebuildsTensor.contains(name) {
      guard arguments.count >= 4 else {
        throw FileFault("rebuilds a tensor from too few arguments", byte: at)
      }
      pickle.push(
        .tensor(arguments[0], offset: arguments[1], shape: arguments[2], strides: arguments[3]))
    } else if parameters.contains(name) {
      guard let data = arguments.first else {
        throw FileFault("rebuilds a parameter without arguments", byte: at)
      }
      pickle.push(data)
    } else if dictionaries.contains(name) {
      var items: [(key: Pickle.Value, value: Pickle.Value)] = []
      for item in arguments.first.flatMap(pickle.tuple) ?? [] {
        if let pair = pickle.tuple(item), pair.count == 2 { items.append((pair[0], pair[1])) }
      }
      pickle.push(.dictionary(items))
    } else if lists.contains(name) {
      let items = arguments.first.flatMap(pickle.tuple) ?? []
      pickle.push(.list(items))
    } else if reconstructors.contains(name), case .global(let type)? = arguments.first {
      try checkClass(type)
      pickle.push(.record(type: type, state: .none, items: []))
    } else if inert.contains(name) {
      pickle.push(.record(type: name, state: .none, items: []))
    } else {
      throw RefusedGlobal(name: name)
    }
  }
}
