import Formats
import Foundation
import Microscopy
import TestConditions
import TestSupport
import Testing

/// Tables as they come in and go out at the command line.
@Suite struct TableDoorTests {
  /// A wrong value is an error that names the option; nothing is left behind.
  @Test func refusals() throws {
    try inShell { shell in
      try shell.sh("printf 'frame,x [nm],y [nm]\\n1,3000,3000\\n' > a.csv").expectSuccess()
      try shell.sh("printf 'frame,x,y\\n1,30,30\\n' > bare.csv").expectSuccess()
      try shell.sh("printf 'frame,x [nm],y [nm]\\n0,30,30\\n' > zero.csv").expectSuccess()
      try shell.sh("printf 'frame,x [px],y [px]\\n1,3,3\\n1,inf,3\\n' > inf.csv").expectSuccess()
      try shell.sh("printf 'frame,x [px],y [px]\\n1,3,3\\n1,3,1e22\\n' > far.csv").expectSuccess()
      let before = try shell.files
      for (line, words) in [
        ("convert a.csv -o b.csv --pixel-size 0", "pixel size 0"),
        ("convert a.csv -o b.csv --pixel-size 0.1", "pixel size 0.1"),
        ("convert a.csv -o b.csv --pixel-size nan", "pixel size nan"),
        ("render a.csv -o b.png --pixel-size 1001", "pixel size 1001"),
        ("info a.csv --pixel-size -1", "pixel size -1"),
        ("convert a.csv -o b.csv --pixel-size 100 --photons-per-count -2", "photons per count -2"),
        ("evaluate a.csv a.csv --pixel-size 0", "pixel size 0"),
        ("convert bare.csv -o b.hdf5", "--unit"), ("render bare.csv -o b.png", "--unit"),
        ("info bare.csv", "--unit"), ("evaluate bare.csv bare.csv", "--unit"),
        ("convert zero.csv -o b.hdf5 --pixel-size 100", "--first-frame"),
        ("render zero.csv -o b.png --pixel-size 100", "--first-frame"),
        ("info zero.csv", "--first-frame"),
        ("convert a.csv -o b.hdf5 --pixel-size 100 --map x=Xwc", "no column Xwc"),
        ("convert a.csv -o b.hdf5 --map x", "--map"),
        ("convert a.csv -o b.mat --pixel-size 100", "_sml.mat"),
      ] {
        let program = try shell.sh("\"$GLINT\" \(line)")
        #expect(program.status == 2, "\(line): \(program.status) \(program.output)")
        #expect(program.errors.contains(words), "\(line): \(program.errors)")
        #expect(program.output.isEmpty, "\(line)")
        #expect(try shell.files == before, "\(line) left something")
      }
      // Rows at places that no movie has are left out and told.
      for name in ["inf", "far"] {
        let program = try shell.glint("convert", "\(name).csv", "-o", "\(name).hdf5")
        #expect(program.status == 0)
        #expect(program.errors.contains("1 row of \(name).csv left out"), "\(program.errors)")
        #expect(try Tables.read(shell.path("\(name).hdf5")).count == 1)
      }
    }
  }

  /// The same options open a table to every verb.
  @Test func everyVerbReadsIt() throws {
    try inShell { shell in
      try shell.sh(
        "printf 'T,A,B\\n0,3000,3100\\n1,3000,3100\\n' > a.csv"
      ).expectSuccess()
      let options = "--unit nm --first-frame 0 --map frame=T,x=A,y=B --pixel-size 100"
      for line in [
        "convert a.csv -o b.hdf5 \(options)", "render a.csv -o b.png \(options)",
        "info a.csv \(options)",
        "evaluate a.csv b.hdf5 \(options) --border 0 --minimum-jaccard 100",
      ] {
        try shell.sh("\"$GLINT\" \(line)").expectSuccess()
      }
      let table = try Tables.read(shell.path("b.hdf5"))
      #expect(table.frame == [0, 1])
      #expect(table[.x] == [29.5, 29.5] && table[.y] == [30.5, 30.5])
    }
  }

  @Test(arguments: ["csv", "hdf5", "smlm"]) func aRecipeComesFromAnyOutput(kind: String) throws {
    try inShell { shell in
      try shell.makeMovie()
      let first = [
        "localize", "movie.tif", "--device", "cpu", "--box", "9", "--gain", "2", "--offset", "100",
      ]
      try shell.sh(
        "\"$GLINT\" \(first.joined(separator: " ")) -o a.\(kind) --json report.json"
      ).expectSuccess()
      try shell.sh("\"$GLINT\" render a.\(kind) -o a.png && \"$GLINT\" render a.\(kind) -o a.tif")
        .expectSuccess()
      let recipe = try shell.glint("localize", "--print-recipe", "--recipe", "a.\(kind)")
      #expect(recipe.output.contains("box: 9"), "\(recipe.errors)")
      var names = ["report.json", "a.png", "a.tif"]
      if kind == "csv" { names.append("a-protocol.txt") }
      if kind == "hdf5" { names.append("a.yaml") }
      for name in names {
        let other = try shell.glint("localize", "--print-recipe", "--recipe", name)
        #expect(other.output == recipe.output, "\(name): \(other.errors)")
      }
      try shell.glint(
        "localize", "movie.tif", "-o", "again.\(kind)", "--device", "cpu", "--recipe", "a.\(kind)"
      ).expectSuccess()
      let (a, b) = (
        try Tables.read(shell.path("a.\(kind)")), try Tables.read(shell.path("again.\(kind)"))
      )
      #expect(a.frame == b.frame && a[.x] == b[.x])
    }
  }

  /// One fitted width is one column, with ThunderSTORM's name.
  @Test func columnsOfARun() throws {
    try inShell { shell in
      try shell.makeMovie()
      let line = "\"$GLINT\" localize movie.tif --device cpu --gain 2 --offset 100 --force"
      func header(_ options: String) throws -> String {
        try shell.sh("\(line) \(options) -o a.csv").expectSuccess()
        let text = try String(contentsOfFile: shell.path("a.csv"), encoding: .utf8)
        return String(text.prefix { $0 != "\n" })
      }
      let one = try header("")
      #expect(one.contains("\"sigma [nm]\"") && one.contains("\"uncertainty_xy [nm]\""), "\(one)")
      #expect(!one.contains("sigma2") && !one.contains("sigma_y"), "\(one)")
      let two = try header("--sigma elliptical")
      #expect(two.contains("\"sigma1 [nm]\",\"sigma2 [nm]\""), "\(two)")
      let standard = try header("--columns standard")
      #expect(
        standard
          == "\"id\",\"frame\",\"x [nm]\",\"y [nm]\",\"sigma [nm]\",\"intensity [photon]\","
          + "\"offset [photon]\",\"uncertainty_xy [nm]\"", "\(standard)")
      let help = try shell.glint("help", "columns")
      #expect(help.status == 0)
      let all = try Tables.read(shell.path("a.csv"))
      for quantity in all.quantities { #expect(help.output.contains(quantity.name)) }
      for state in FitState.allCases { #expect(help.output.contains(state.name)) }
    }
  }

  /// `info` describes every kind of file that Glint reads or writes, and names others.
  @Test func infoKnowsEveryKind() throws {
    try inShell { shell in
      try shell.makeMovie()
      try shell.sh(
        "\"$GLINT\" localize movie.tif --device cpu --gain 2 --offset 100 -o a.csv -o a.smlm "
          + "-o a_sml.mat && \"$GLINT\" localize --print-recipe > recipe.yaml && "
          + "\"$GLINT\" render a.csv -o a.png && printf 'PAR1....PAR1' > a.parquet && "
          + "printf '{\"offset\": 100, \"gain\": 2}' > camera.json"
      ).expectSuccess()
      try CameraFiles.write(
        CameraMaps(
          width: 3, height: 2, offset: Array(repeating: 100, count: 6),
          variance: Array(repeating: 4, count: 6), gain: Array(repeating: 2, count: 6)),
        to: shell.path("maps.hdf5"), overwrite: false)
      for (name, words) in [
        ("movie.tif", "movie"), ("a.csv", "localization table"), ("a.smlm", "localization table"),
        ("a_sml.mat", "localization table"), ("recipe.yaml", "recipe"),
        ("a.png", "output of Glint"),
        ("camera.json", "camera"), ("maps.hdf5", "camera maps"),
      ] {
        let info = try shell.glint("info", name)
        #expect(
          info.status == 0 && info.output.contains(words), "\(name): \(info.output)\(info.errors)")
      }
      let parquet = try shell.glint("info", "a.parquet")
      #expect(
        parquet.status == 2 && parquet.errors.contains("a Parquet table"), "\(parquet.errors)")
    }
  }
}
