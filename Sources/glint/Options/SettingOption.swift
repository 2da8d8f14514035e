import ArgumentParser
import Localization
import Microscopy
import Optics
import Reporting

/// Options built from a setting's declaration: its name, help and unit.
extension Option {
  /// - Parameters:
  ///   - valueName: the word for the value in the help; the unit by default.
  ///   - note: text that only the command line adds to the help.
  init<Kind: ExpressibleByArgument & SettingValue>(
    _ setting: Setting<Kind>, _ valueName: String? = nil, note: String? = nil
  ) where Value == Kind? {
    self.init(of: setting.facts, setting.facts.help(), valueName, note)
  }

  /// An option that has the setting's default.
  init(_ setting: Setting<Value>, _ valueName: String? = nil)
  where Value: ExpressibleByArgument & SettingValue {
    self.init(
      wrappedValue: setting.standard, name: .customLong(setting.name.name),
      parsing: .unconditional,
      help: ArgumentHelp(stringLiteral: setting.facts.help(saysDefault: false))
        .named(valueName ?? setting.facts.unit))
  }

  /// An option with a form of its own, such as `W,H`.
  init<Kind: ExpressibleByArgument>(_ facts: SettingFacts, _ valueName: String)
  where Value == Kind? {
    self.init(of: facts, facts.help(), valueName, nil)
  }

  /// The same for an optional setting.
  init<Kind: ExpressibleByArgument & SettingValue>(
    _ setting: Setting<Kind?>, _ valueName: String? = nil, note: String? = nil
  ) where Value == Kind? {
    self.init(of: setting.facts, setting.facts.help(), valueName, note)
  }

  /// One option for a setting that has a different meaning for each detector or model.
  init<Kind: ExpressibleByArgument & SettingValue>(anyOf facts: [SettingFacts])
  where Value == Kind? {
    let meanings = facts.map { fact in
      "\(fact.owner ?? ""): \(fact.meaning)" + (fact.standard.map { " (\($0))" } ?? "")
    }
    self.init(of: facts[0], meanings.joined(separator: "; ") + ".", nil, nil)
  }

  private init<Kind: ExpressibleByArgument>(
    of facts: SettingFacts, _ help: String, _ valueName: String?, _ note: String?
  ) where Value == Kind? {
    self.init(
      name: .customLong(facts.name.name), parsing: .unconditional,
      help: ArgumentHelp(
        stringLiteral: help + (note.map { " \($0)" } ?? "")
      ).named(valueName ?? facts.unit))
  }
}

extension ArgumentHelp {
  fileprivate func named(_ value: String) -> ArgumentHelp {
    var help = self
    if !value.isEmpty { help.valueName = value }
    return help
  }
}

extension Message {
  /// The message with settings spelled as command-line options.
  var spelled: String { text { "--\($0.name)" } }
}

extension Scene.Kind: ExpressibleByArgument {}
extension Detector.Kind: ExpressibleByArgument {}
extension FitSettings.Axial: ExpressibleByArgument {}
