import CPUKernels

/// The discrete Fourier transform of images: Σ x exp(∓2πi (jy v / height + jx u / width)).
///
/// Complex values are pairs in the last axis: float32 [batch, height, width, 2] to the same. For
/// real images [batch, height, width], the forward transform gives the first width / 2 + 1 columns
/// [batch, height, width / 2 + 1, 2], which determine the others; the inverse takes these and gives
/// the image. Lengths are products of 2, 3 and 5. Stockham stages (Cochran et al. 1967) in a fixed
/// order.
package struct FourierTransform: Op {
  package static let name = "fourier transform"

  package enum Direction: String, Hashable, Sendable {
    case forward
    case inverse
  }

  package let direction: Direction
  /// Width of real images; nil if both sides are complex.
  package let width: Int?
  /// Whether results are divided by height · width.
  package let scaled: Bool
  /// Whether columns that represent two have twice the weight, so that half of a real image's
  /// transform gives the image.
  let doubled: Bool

  /// For complex images; the inverse is scaled.
  package init(_ direction: Direction) {
    self.init(direction, width: nil, scaled: direction == .inverse, doubled: false)
  }

  /// For real images of this width; the inverse is scaled.
  package init(_ direction: Direction, realWidth: Int) {
    let inverse = direction == .inverse
    self.init(direction, width: realWidth, scaled: inverse, doubled: inverse)
  }

  private init(_ direction: Direction, width: Int?, scaled: Bool, doubled: Bool) {
    self.direction = direction
    self.width = width
    self.scaled = scaled
    self.doubled = doubled
  }

  package var parameters: String {
    direction.rawValue + (width.map { " real \($0)" } ?? "") + (scaled ? " scaled" : "")
      + (doubled ? " doubled" : "")
  }

  /// Whether a length is a product of 2, 3 and 5 and within the kernels' limit.
  package static func takes(_ length: Int) -> Bool {
    guard length > 0, length <= 1 << 16 else { return false }
    return radices(length).reduce(1, *) == length
  }

  /// The radices of the stages along an axis, at least one.
  static func radices(_ length: Int) -> [Int] {
    var (left, radices) = (length, [Int]())
    while glint_fourier_radix(Int32(left)) > 1 {
      radices.append(Int(glint_fourier_radix(Int32(left))))
      left /= radices[radices.count - 1]
    }
    return radices.isEmpty ? [1] : radices
  }

  package func outputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    let shape = inputs.first?.shape ?? []
    guard inputs.count == 1, inputs[0].element == .float32, inputs[0].count > 0 else {
      throw ShapeError(Self.name, "takes one float32 tensor with values, not \(inputs)")
    }
    let output: [Int]
    switch (width, direction) {
    case (nil, _):
      guard shape.count == 4, shape[3] == 2 else {
        throw ShapeError(Self.name, "takes [batch×height×width×2], not \(inputs[0])")
      }
      output = shape
    case (let width?, .forward):
      guard shape.count == 3, shape[2] == width else {
        throw ShapeError(Self.name, "takes [batch×height×\(width)], not \(inputs[0])")
      }
      output = [shape[0], shape[1], width / 2 + 1, 2]
    case (let width?, .inverse):
      guard shape.count == 4, shape[2] == width / 2 + 1, shape[3] == 2 else {
        throw ShapeError(
          Self.name, "takes [batch×height×\(width / 2 + 1)×2], not \(inputs[0])")
      }
      output = [shape[0], shape[1], width]
    }
    let lengths = [shape[1], width ?? shape[2]]
    guard lengths.allSatisfy(Self.takes) else {
      throw ShapeError(
        Self.name, "\(lengths[0])×\(lengths[1]) has a prime factor above 5 or is too large")
    }
    return [TensorType(.float32, output)]
  }

  /// Height and width of the images.
  private func lengths(_ input: TensorType) -> (height: Int, width: Int) {
    (input.shape[1], width ?? input.shape[2])
  }

  private func scale(_ input: TensorType) -> Double {
    let (height, width) = lengths(input)
    return scaled ? 1 / (Double(height) * Double(width)) : 1
  }

  package func reference(_ inputs: [Reference]) -> [Reference] {
    let (height, width) = lengths(inputs[0].type)
    let (batch, half) = (inputs[0].type.shape[0], width / 2 + 1)
    let scale = scale(inputs[0].type)
    let x = inputs[0].values
    let readsHalf = self.width != nil && direction == .inverse
    func weight(_ column: Int) -> Double {
      doubled ? Double(glint_fourier_weight(1, Int32(column), Int32(width))) : 1
    }
    var result: [Double] = []
    for image in 0..<batch {
      var values = (0..<height * width).map { place -> ComplexDouble in
        let (row, column) = (place / width, place % width)
        if readsHalf {
          guard column < half else { return ComplexDouble(0, 0) }
          let at = 2 * ((image * height + row) * half + column)
          return ComplexDouble(x[at], x[at + 1]) * weight(column)
        }
        let at = image * height * width + place
        return self.width == nil ? ComplexDouble(x[2 * at], x[2 * at + 1]) : ComplexDouble(x[at], 0)
      }
      for row in 0..<height {
        let line = Self.transform(Array(values[row * width..<(row + 1) * width]), direction)
        values.replaceSubrange(row * width..<(row + 1) * width, with: line)
      }
      for column in 0..<width {
        let line = Self.transform((0..<height).map { values[$0 * width + column] }, direction)
        for row in 0..<height { values[row * width + column] = line[row] }
      }
      for (place, value) in values.enumerated() {
        let column = place % width
        switch (self.width, direction) {
        case (nil, _): result += [value.re * scale, value.im * scale]
        case (_, .inverse): result.append(value.re * scale)
        case (_, .forward) where column < half:
          let value = value * (weight(column) * scale)
          result += [value.re, value.im]
        default: break
        }
      }
    }
    let output = TensorType(
      .float32,
      self.width == nil
        ? inputs[0].type.shape
        : direction == .forward ? [batch, height, half, 2] : [batch, height, width])
    return [Reference(output, result)]
  }

  /// The transform of one line by its definition.
  private static func transform(
    _ line: [ComplexDouble], _ direction: Direction
  ) -> [ComplexDouble] {
    let sign = direction == .forward ? -1.0 : 1
    let turns = line.indices.map { ComplexDouble.turn(Double($0) / Double(line.count), sign) }
    return line.indices.map { k in
      line.indices.reduce(ComplexDouble(0, 0)) { $0 + line[$1] * turns[$1 * k % line.count] }
    }
  }

  package func work(_ inputs: [TensorType], _ outputs: [TensorType]) -> Work {
    let (height, width) = lengths(inputs[0])
    let stages = Self.radices(height).count + Self.radices(width).count
    return Work(
      flops: 10 * inputs[0].shape[0] * height * width * stages,
      bytes: 2 * (inputs[0].bytes + outputs[0].bytes))
  }

  /// The transform is linear; its gradient is its adjoint, the inverse direction with the same
  /// weights.
  package func gradient(
    _ inputs: [Graph.Value], _ outputs: [Graph.Value], given: [Graph.Value?], in graph: inout Graph
  ) throws -> [Graph.Value?] {
    let adjoint = FourierTransform(
      direction == .forward ? .inverse : .forward, width: width, scaled: scaled, doubled: doubled)
    return [try graph.apply(adjoint, given[0]!)]
  }

  /// One axis: its lines, and its prepared table of roots of unity.
  private struct Axis {
    var parameters: glint_fourier_params
    let table: glint_in
  }

  /// Both axes in order of processing. For real images the width comes first in the forward
  /// direction and last in the inverse.
  private func axes(_ site: Site) -> [Axis] {
    let (height, width) = lengths(site.inputs[0])
    let batch = site.inputs[0].shape[0]
    let inverse: Int32 = direction == .inverse ? 1 : 0
    let columns = self.width == nil ? width : width / 2 + 1
    let form = Int32(glint_fourier_complex)
    var rows = glint_fourier_params(
      outer: Int32(batch * height), length: Int32(width), inner: 1, stride: 1, read: form,
      write: form, doubled: doubled ? 1 : 0, inverse: inverse, scale: 1)
    var upright = rows
    upright.outer = Int32(batch)
    upright.length = Int32(height)
    upright.inner = Int32(columns)
    if self.width != nil {
      let (real, half) = (Int32(glint_fourier_real), Int32(glint_fourier_half))
      (rows.read, rows.write) = direction == .forward ? (real, half) : (half, real)
    }
    let backwards = self.width != nil && direction == .inverse
    var axes = [
      Axis(parameters: rows, table: .prepared(0)), Axis(parameters: upright, table: .prepared(1)),
    ]
    if backwards { axes.reverse() }
    axes[1].parameters.scale = Float(scale(site.inputs[0]))
    return axes
  }

  /// The complex values between both axes.
  private func between(_ site: Site) -> TensorType {
    let (height, width) = lengths(site.inputs[0])
    return TensorType(.float32, site.inputs[0].shape[0], height, width, 2)
  }

  /// The tables of roots of unity of both axes. They depend on no input, so they are made once.
  private func tables(_ site: Site) -> (parameters: [glint_fourier_params], types: [TensorType]) {
    let (height, width) = lengths(site.inputs[0])
    let parameters = [width, height].map {
      glint_fourier_params(
        outer: 1, length: Int32($0), inner: 1, stride: 1, read: 0, write: 0, doubled: 0, inverse: 0,
        scale: 1)
    }
    return (parameters, [width, height].map { TensorType(.float32, $0, 2) })
  }

  package var cpu: [Candidate<CPULaunch>] {
    [
      Candidate("lines") { site in
        let (tables, types) = tables(site)
        let axes = axes(site)
        return .launches(
          axes.enumerated().map { index, axis in
            CPULaunch(
              glint_cpu_fourier_lines, axis.parameters,
              .init(
                in: index == 0 ? .input(0) : .workspace(0), turns: axis.table,
                out: index == 0 ? .workspace(0) : .output(0)),
              items: .fixed(Int(axis.parameters.outer) * Int(axis.parameters.inner)), grain: 16,
              scratch: glint_fourier_scratch(axis.parameters.length))
          }, workspace: [between(site)],
          preparing: tables.enumerated().map { index, parameters in
            CPULaunch(
              glint_cpu_fourier_turns, parameters, .init(turns: .prepared(index)),
              items: .fixed(Int(parameters.length)), grain: 1024)
          }, prepared: types)
      }
    ]
  }

  package var openCL: [Candidate<OpenCLLaunch>] {
    [
      Candidate("stages") { site in
        let (tables, types) = tables(site)
        let stages = axes(site).flatMap(Self.stages)
        return .launches(
          stages.enumerated().map { index, stage in
            let parameters = stage.axis.parameters
            return OpenCLLaunch(
              glint_opencl_fourier_stage,
              defines: [
                "RADIX": "\(stage.radix)", "READ": "\(parameters.read)",
                "WRITE": "\(parameters.write)",
              ], parameters,
              .init(
                in: index == 0 ? .input(0) : .workspace((index - 1) % 2), turns: stage.axis.table,
                out: index == stages.count - 1 ? .output(0) : .workspace(index % 2)),
              items: Int(parameters.outer) * Int(parameters.length) / stage.radix
                * Int(parameters.inner))
          }, workspace: [between(site), between(site)],
          preparing: tables.enumerated().map { index, parameters in
            OpenCLLaunch(
              glint_opencl_fourier_turns, parameters, .init(turns: .prepared(index)),
              items: Int(parameters.length))
          }, prepared: types)
      }
    ]
  }

  /// The stages of an axis: the first reads lines from their layout, the last writes and scales
  /// them.
  private static func stages(_ axis: Axis) -> [(axis: Axis, radix: Int)] {
    let radices = radices(Int(axis.parameters.length))
    var stride = 1
    return radices.enumerated().map { index, radix in
      var stage = axis
      stage.parameters.stride = Int32(stride)
      if index > 0 { stage.parameters.read = Int32(glint_fourier_complex) }
      if index < radices.count - 1 {
        stage.parameters.write = Int32(glint_fourier_complex)
        stage.parameters.scale = 1
      }
      stride *= radix
      return (stage, radix)
    }
  }

  package static var samples: [Sample] {
    let sizes = [
      (1, 1, 1), (2, 3, 2), (1, 5, 4), (2, 8, 15), (3, 12, 9), (1, 30, 20), (1, 64, 27), (1, 1, 50),
    ]
    return sizes.flatMap { batch, height, width in
      let half = [batch, height, width / 2 + 1, 2]
      let tolerance = Tolerance.roundings(16)
      let tiny = height * width < 200
      return [Direction.forward, .inverse].map { direction in
        Sample(
          FourierTransform(direction), [.random([batch, height, width, 2], -1...1)], tolerance,
          tiny: tiny)
      } + [
        Sample(
          FourierTransform(.forward, realWidth: width), [.random([batch, height, width], -1...1)],
          tolerance, tiny: tiny),
        Sample(
          FourierTransform(.inverse, realWidth: width), [.random(half, -1...1)], tolerance,
          tiny: tiny),
        Sample(
          FourierTransform(.forward, width: width, scaled: true, doubled: true),
          [.random([batch, height, width], -1...1)], tolerance, tiny: tiny),
      ]
    }
  }
}
