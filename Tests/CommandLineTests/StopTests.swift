import Formats
import Foundation
import Microscopy
import TestSupport
import Testing

/// A run stopped by a person or by a full disk leaves complete files under partial names, and
/// reports how many frames are in them.
@Suite struct StopTests {
  /// 300 frames with molecules, then many empty frames that take no room on the disk.
  private func makeLongMovie(_ shell: Shell) throws {
    try writeMovie(shell.path("part.tif"), frames: 300)
    try writeSparseStack(shell.path("part.tif"), to: shell.path("long.tif"), frames: 700_000)
  }

  /// The number of frames that stderr states for `name`.
  private func promised(_ name: String, _ errors: String) throws -> Int {
    let line = try #require(
      errors.split(separator: "\n").first { $0.hasSuffix(" are saved in \(name)") }, "\(errors)")
    let range = try #require(line.split(separator: " ").dropFirst(2).first)
    #expect(range.hasPrefix("0..<"))
    return try #require(Int(range.dropFirst(4)))
  }

  /// Whether a partial table holds the rows of exactly the first `frames` frames.
  private func expectWhole(_ shell: Shell, _ name: String, frames: Int) throws {
    let part = try Tables.read(shell.path(name))
    let known = min(frames, 300)
    try shell.glint(
      "localize", "part.tif", "-o", "again-\(name)", "--frames", "0:\(known)", "--device", "cpu",
      "--offset", "100", "--gain", "2", "--pixel-size", "100"
    ).expectSuccess()
    let again = try Tables.read(shell.path("again-\(name)"))
    let rows = part.frame.indices.filter { part.frame[$0] < 300 }
    #expect(part.frame.allSatisfy { $0 < frames })
    #expect(rows.map { part.frame[$0] } == again.frame)
    #expect(rows.map { part[.x]![$0] } == again[.x])
    #expect(rows.map { part[.photons]![$0] } == again[.photons])
    #expect(part.provenance.last?.settings["recipe"]?.contains("offset: 100") == true)
    #expect(part.provenance.last?.device?.hasPrefix("cpu") == true)
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func interrupt(_ signal: Int32) throws {
    try inShell { shell in
      try makeLongMovie(shell)
      // The shell waits until rows are on the disk, then sends the signal.
      let name = signal == SIGINT ? "INT" : "TERM"
      let program = try shell.sh(
        """
        "$GLINT" localize long.tif -o a.csv -o b.hdf5 --json r.json --device cpu --batch 20 \
        --offset 100 --gain 2 --pixel-size 100 &
        child=$!
        for i in $(seq 200); do
          [ "$(stat -c %s .a.csv.glint-part 2>/dev/null || echo 0)" -gt 20000 ] && break; sleep 0.05
        done
        kill -\(name) $child; wait $child
        """)
      #expect(program.status == 128 + signal, "\(program.errors)")
      #expect(
        try shell.files.filter { !$0.hasSuffix(".tif") } == [
          ".a.csv.glint-journal", "a.partial-protocol.txt", "a.partial.csv", "b.partial.hdf5",
          "b.partial.yaml",
          "r.partial.json",
        ])
      let csv = try promised("a.partial.csv", program.errors)
      let hdf5 = try promised("b.partial.hdf5", program.errors)
      #expect(csv > 0 && csv % 20 == 0 && csv < 700_000)
      let report = try shell.json("r.partial.json")
      #expect(report["interrupted"] as? Bool == true)
      #expect(report["frames"] as? Int == csv)
      try expectWhole(shell, "a.partial.csv", frames: csv)
      try expectWhole(shell, "b.partial.hdf5", frames: hdf5)
    }
  }

  /// A simulation that is stopped, by the signal of a batch system too, leaves the movie so far with
  /// its truth.
  @Test func interruptSimulation() throws {
    try inShell { shell in
      let program = try shell.sh(
        """
        "$GLINT" simulate -o s --frames 200000 --size 64,64 --per-frame 1 -q & child=$!
        for i in $(seq 200); do
          [ "$(stat -c %s s/.movie.tif.glint-part 2>/dev/null || echo 0)" -gt 200000 ] && break; sleep 0.05
        done
        kill -USR1 $child; wait $child
        """)
      #expect(program.status == 128 + SIGUSR1, "\(program.errors)")
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: shell.path("s")).sorted() == [
          "movie.partial.tif", "settings.partial.json", "truth.partial-protocol.txt",
          "truth.partial.csv",
        ])
      let frames = try Movies.open(shell.path("s/movie.partial.tif")).info.frames
      #expect(frames > 0 && frames < 200_000)
      let truth = try Tables.read(shell.path("s/truth.partial.csv"))
      #expect(truth.frame.allSatisfy { $0 < frames })
      #expect(Double(truth.count) > 0.8 * Double(frames))
      #expect(try shell.json("s/settings.partial.json")["frames"] as? Int == frames)
    }
  }

  /// A closed terminal sends several signals; the later ones change nothing.
  @Test func severalSignals() throws {
    try inShell { shell in
      try makeLongMovie(shell)
      let program = try shell.sh(
        """
        "$GLINT" localize long.tif -o a.csv --device cpu --batch 20 --offset 100 --gain 2 \
        --pixel-size 100 &
        child=$!
        for i in $(seq 200); do
          [ "$(stat -c %s .a.csv.glint-part 2>/dev/null || echo 0)" -gt 20000 ] && break; sleep 0.05
        done
        for i in 1 2 3 4 5 6 7 8 9; do kill -HUP $child; kill -TERM $child; done 2>/dev/null
        wait $child
        """)
      #expect([128 + SIGHUP, 128 + SIGTERM].contains(program.status), "\(program.errors)")
      let frames = try promised("a.partial.csv", program.errors)
      try expectWhole(shell, "a.partial.csv", frames: frames)
    }
  }

  /// A killed run goes on, and its files are those of a run that was not killed.
  @Test func resume() throws {
    try inShell { shell in
      try writeMovie(shell.path("m.tif"), frames: 3000)
      let line = "m.tif --device cpu --batch 20 --offset 100 --gain 2 --pixel-size 100"
      let program = try shell.sh(
        """
        mkdir whole; "$GLINT" localize \(line) -o whole/a.csv -o whole/b.smlm || exit 9
        "$GLINT" localize \(line) -o a.csv -o b.smlm & child=$!
        for i in $(seq 200); do
          [ "$(stat -c %s .a.csv.glint-journal 2>/dev/null || echo 0)" -gt 50000 ] && break; sleep 0.02
        done
        kill -KILL $child; wait $child; ls -A | grep -c journal
        "$GLINT" localize \(line) -o a.csv -o b.smlm --resume --threshold 99 && exit 8
        "$GLINT" localize \(line) -o a.csv -o b.smlm --resume || exit 7
        for name in a.csv a-protocol.txt b.smlm; do cmp $name whole/$name || exit 6; done
        """)
      #expect(program.status == 0, "\(program.errors)")
      #expect(program.output.contains("\n1\n") || program.output.hasPrefix("1\n"))
      #expect(program.errors.contains("the interrupted run of a.csv had another recipe"))
      #expect(try shell.files.allSatisfy { !$0.contains("glint") })
      // Nothing is left to resume.
      let again = try shell.sh("\"$GLINT\" localize \(line) -o c.csv --resume")
      #expect(again.status == 0)
      #expect(again.errors.contains("no interrupted run of c.csv was found"))
    }
  }

  /// A limit on the file's size stands for a full disk. It would stop the thread sanitizer as well,
  /// whose memory is a file.
  private static let canLimitFiles =
    ProcessInfo.processInfo.environment["GLINT_SANITIZER"] != "thread"

  @Test(.enabled(if: canLimitFiles, "a limit on files would stop the thread sanitizer"))
  func noRoom() throws {
    try inShell { shell in
      try writeMovie(shell.path("part.tif"), frames: 300)
      let run = { (output: String) in
        try shell.sh(
          """
          ulimit -f 300; "$GLINT" localize part.tif -o \(output) --device cpu --batch 10 \
          --offset 100 --gain 2 2>&1 >/dev/null | cat >&2; exit ${PIPESTATUS:-2}
          """)
      }
      let program = try run("a.csv")
      #expect(program.errors.contains("a.csv: file too large"), "\(program.errors)")
      #expect(
        try shell.files.filter { !$0.hasSuffix(".tif") } == [
          ".a.csv.glint-journal", "a.partial-protocol.txt", "a.partial.csv",
        ])
      let frames = try promised("a.partial.csv", program.errors)
      #expect(frames > 0 && frames < 300 && frames % 10 == 0)
      try expectWhole(shell, "a.partial.csv", frames: frames)
    }
  }

  @Test(.enabled(if: canLimitFiles, "a limit on files would stop the thread sanitizer"))
  func noRoomStatus() throws {
    try inShell { shell in
      try writeMovie(shell.path("part.tif"), frames: 300)
      for (output, limit) in [("a.csv", 300), ("b.hdf5", 300), ("b.hdf5", 1), ("a.csv", 1)] {
        let program = try shell.sh(
          """
          ulimit -f \(limit); "$GLINT" localize part.tif -o \(output) --device cpu --batch 10 \
          >/dev/null 2>/dev/null
          """)
        #expect(program.status == 2)
        #expect(!(try shell.files).contains(output))
        #expect(!(try shell.files).contains { $0.hasSuffix(".glint-part") })
        for name in try shell.files where name.contains(".partial") && !name.hasSuffix(".txt") {
          if name.hasSuffix(".csv") || name.hasSuffix(".hdf5") {
            #expect(try Tables.read(shell.path(name)).count > 0, "\(name)")
          }
          try FileManager.default.removeItem(atPath: shell.path(name))
        }
      }
      // Other verbs on a full disk.
      for line in [
        "render a.csv -o a.png", "convert a.csv c.hdf5", "evaluate a.csv a.csv --json r.json",
      ] {
        try shell.sh("rm -f a.csv a-protocol.txt").expectSuccess()
        try shell.glint("localize", "part.tif", "-o", "a.csv", "--device", "cpu").expectSuccess()
        let program = try shell.sh("ulimit -f 1; \"$GLINT\" \(line) >/dev/null 2>/dev/null")
        #expect(program.status == 2, "\(line)")
        #expect(!(try shell.files).contains { ["a.png", "c.hdf5"].contains($0) }, "\(line)")
        #expect(!(try shell.files).contains { $0.hasSuffix(".glint-part") }, "\(line)")
      }
    }
  }

  @Test func standardStreams() throws {
    try inShell { shell in
      try shell.makeMovie()
      let full = try shell.sh("\"$GLINT\" localize --print-recipe > /dev/full")
      #expect(full.status == 2)
      #expect(full.errors.contains("error: cannot write to standard output: no space left"))
      // If the reader of a pipe ends early, this is no error, whatever the length of the unread
      // output.
      for line in ["localize --print-recipe", "--generate-completion-script bash", "help localize"]
      {
        let program = try shell.sh(
          "{ \"$GLINT\" \(line); echo $? > status; } | head -1; cat status")
        #expect(program.output.hasSuffix("\n0\n"), "\(line): \(program.output)")
        #expect(program.errors.isEmpty, "\(line): \(program.errors)")
      }
      // Closed streams: no output file takes their descriptors, and nothing traps.
      let closed = try shell.sh("\"$GLINT\" localize movie.tif -o a.csv --device cpu >&- 2>&- <&-")
      #expect(closed.status == 0)
      let text = try String(contentsOfFile: shell.path("a.csv"), encoding: .utf8)
      #expect(text.hasPrefix("\"id\",\"frame\""))
      #expect(!text.contains("localizations"))
      #expect(try shell.sh("\"$GLINT\" localize none.tif -o b.csv 2>&-").status == 2)
    }
  }
}
