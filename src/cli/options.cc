// cli/options.cc - what every option means. Boost splits the command line and the config file; what
// a value may be is checked here, so that each complaint names its option.
#include "cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "all.h"
#include "capture/filter.h"
#include "cli/nearest.h"
#include "cli/tls_files.h"
#include "cli/values.h"

namespace wirelens {
namespace {

namespace po = boost::program_options;

po::options_description described(std::span<const Option> options) {
  po::options_description description;
  for (const Option& option : options) {
    std::string names(option.name);
    if (option.letter != 0) names += fmt::format(",{}", option.letter);
    const po::value_semantic* value = nullptr;
    if (option.value.empty()) {
      value = po::bool_switch();
    } else if (option.repeatable) {
      value = po::value<std::vector<std::string>>();
    } else {
      value = po::value<std::string>();
    }
    description.add_options()(names.c_str(), value, "");
  }
  return description;
}

/// Which of the other commands has an option, to send there who mixes them up.
std::optional<std::string_view> owner_of(std::string_view option, const Grammar& asked) {
  for (const Grammar* grammar : {&kAnalyzeGrammar, &kLiveGrammar}) {
    if (grammar == &asked) continue;
    for (const Option& each : grammar->options) {
      const bool same = each.name == option || (option.size() == 1 && each.letter == option[0]);
      if (same) return grammar->command;
    }
  }
  return std::nullopt;
}

/// "unknown option --wirte: did you mean --write?"
Error unknown_option(const std::string& word, const Grammar& grammar) {
  const std::string typed = word.substr(0, word.find('='));
  const std::string_view bare =
      std::string_view(typed).substr(std::min(typed.find_first_not_of('-'), typed.size()));
  if (const auto owner = owner_of(bare, grammar)) {
    return {fmt::format("unknown option {}: it belongs to wirelens {}", typed, *owner)};
  }
  std::vector<std::string_view> names;
  for (const Option& option : grammar.options) {
    names.push_back(option.name);
    const bool other_case =
        bare.size() == 1 && option.letter != 0 && (option.letter ^ bare[0]) == 32;
    if (other_case)
      return {fmt::format("unknown option {}: did you mean -{}?", typed, option.letter)};
  }
  const auto meant = bare.size() > 1 ? nearest(bare, names) : std::nullopt;
  if (meant) return {fmt::format("unknown option {}: did you mean --{}?", typed, *meant)};
  return {fmt::format("unknown option {}: see wirelens {} --help", typed, grammar.command)};
}

/// Options as text, checked for their names only.
class Choices {
 public:
  static Result<Choices> parse(const Grammar& grammar, Arguments arguments);

  bool on(const char* name) const { return values_.count(name) != 0 && values_[name].as<bool>(); }
  std::optional<std::string> one(const char* name) const {
    if (values_.count(name) == 0) return std::nullopt;
    return values_[name].as<std::string>();
  }
  std::vector<std::string> all(const char* name) const {
    if (values_.count(name) == 0) return {};
    return values_[name].as<std::vector<std::string>>();
  }
  std::vector<std::string> operands;

 private:
  std::optional<Error> read_config(const std::string& path, const Grammar& grammar);

  po::variables_map values_;
};

Result<Choices> Choices::parse(const Grammar& grammar, Arguments arguments) {
  Choices choices;
  po::options_description description = described(grammar.options);
  description.add_options()("operand", po::value<std::vector<std::string>>(), "");
  po::positional_options_description positional;
  positional.add("operand", -1);
  namespace style = po::command_line_style;
  try {
    const auto parsed =
        po::command_line_parser(std::vector<std::string>(arguments.begin(), arguments.end()))
            .options(description)
            .positional(positional)
            .style(style::unix_style & ~style::allow_guessing)
            .run();
    po::store(parsed, choices.values_);
  } catch (const po::unknown_option& error) {
    return unknown_option(error.get_option_name(), grammar);
  } catch (const po::error& error) {
    return Error{error.what()};
  }
  choices.operands = choices.all("operand");
  if (const auto config = choices.values_.count("config") ? choices.one("config") : std::nullopt) {
    if (auto error = choices.read_config(*config, grammar)) return *error;
  }
  if (grammar.operands.empty() && !choices.operands.empty()) {
    return Error{fmt::format("wirelens {} takes no operands: '{}'", grammar.command,
                             choices.operands.front())};
  }
  return choices;
}

std::optional<Error> Choices::read_config(const std::string& path, const Grammar& grammar) {
  std::ifstream file(path);
  if (!file) return Error{fmt::format("--config: cannot read {}", path)};
  const po::options_description description = described(grammar.options);
  try {
    auto parsed = po::parse_config_file(file, description, true);
    for (const auto& option : parsed.options) {
      // One file serves both commands: what only the other one knows is left to it.
      if (!option.unregistered || owner_of(option.string_key, grammar)) continue;
      return Error{
          fmt::format("--config {}: {}", path, unknown_option(option.string_key, grammar).message)};
    }
    std::erase_if(parsed.options, [](const auto& option) { return option.unregistered; });
    po::store(parsed, values_);
  } catch (const po::error& error) {
    return Error{fmt::format("--config {}: {}", path, error.what())};
  }
  return std::nullopt;
}

Error bad_value(std::string_view option, std::string_view value, std::string_view wanted) {
  return {fmt::format("--{} {}: {}", option, value, wanted)};
}

Result<WriteTarget> parse_write(const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string format = text.substr(0, equals);
  const auto formats = report_formats();
  if (std::find(formats.begin(), formats.end(), format) == formats.end()) {
    const auto meant = nearest(format, formats);
    return Error{fmt::format("--write {}: no format '{}'; there are {}{}", text, format,
                             fmt::join(formats, ", "),
                             meant ? fmt::format(" (did you mean {}?)", *meant) : "")};
  }
  if (equals == std::string::npos || equals + 1 == text.size()) {
    return bad_value("write", text,
                     fmt::format("say where to, as {}=PATH or {}=-", format, format));
  }
  return WriteTarget{format, text.substr(equals + 1)};
}

std::optional<Error> parse_writes(const Choices& choices, RunOptions& run) {
  for (const std::string& text : choices.all("write")) {
    auto target = parse_write(text);
    if (!target) return target.error();
    for (const WriteTarget& other : run.writes) {
      if (other.path != target->path) continue;
      return bad_value("write", text,
                       target->path == "-" ? "standard output is taken already"
                                           : "this file is written already");
    }
    run.writes.push_back(*target);
  }
  if (run.writes.empty()) run.writes.push_back({"text", "-"});
  return std::nullopt;
}

/// Whether a filter means anything on one of the usual link types: Ethernet, raw IP, Linux cooked,
/// IEEE 802.11. What it means on the capture's own is seen when that is opened.
std::optional<Error> check_filter(const std::string& expression) {
  if (expression.empty()) return std::nullopt;
  constexpr std::uint16_t kBesideEthernet[] = {101, 113, 105};
  Filter filter(expression);
  for (const std::uint16_t linktype : kBesideEthernet) {
    if (filter.compile(linktype).empty()) return std::nullopt;
  }
  const std::string& reason = filter.compile(1);
  if (reason.empty()) return std::nullopt;
  return bad_value("filter", expression, reason);
}

/// --set tcp.time_wait_storm.sockets=5000
Result<detect::Setting> parse_set(const std::string& text) {
  const std::size_t equals = std::min(text.find('='), text.size());
  const std::string name = text.substr(0, equals);
  std::vector<std::string> names;
  for (const detect::Rule* rule : all_rules()) {
    for (const detect::Threshold& each : rule->thresholds) {
      names.push_back(fmt::format("{}.{}", rule->id, each.name));
      if (name != names.back()) continue;
      const auto value =
          parse_number(std::string_view(text).substr(std::min(equals + 1, text.size())));
      if (!value) return bad_value("set", text, fmt::format("a number of {} is wanted", each.unit));
      return detect::Setting{rule->id, each.name, *value};
    }
  }
  const std::vector<std::string_view> views(names.begin(), names.end());
  const auto meant = nearest(name, views);
  return bad_value("set", text,
                   meant ? fmt::format("no such threshold; did you mean {}?", *meant)
                         : "no such threshold; see wirelens rules");
}

Result<Severity> parse_severity(const std::string& text) {
  for (std::size_t i = 0; i < kSeverityNames.size(); ++i) {
    if (kSeverityNames[i] == text) return static_cast<Severity>(i);
  }
  const auto meant = nearest(text, kSeverityNames);
  return bad_value("fail-on", text,
                   fmt::format("there are {}{}", fmt::join(kSeverityNames, ", "),
                               meant ? fmt::format(" (did you mean {}?)", *meant) : ""));
}

std::optional<Error> parse_detection(const Choices& choices, RunOptions& run) {
  for (const std::string& text : choices.all("set")) {
    auto setting = parse_set(text);
    if (!setting) return setting.error();
    run.engine.settings.push_back(*setting);
  }
  if (const auto text = choices.one("fail-on")) {
    auto severity = parse_severity(*text);
    if (!severity) return severity.error();
    run.fail_on = *severity;
  }
  return std::nullopt;
}

/// The options that analyze and live share.
std::optional<Error> parse_run(const Choices& choices, bool live, RunOptions& run) {
  if (auto error = parse_writes(choices, run)) return error;
  run.filter = choices.one("filter").value_or("");
  if (auto error = check_filter(run.filter)) return error;
  const TlsFiles files{choices.one("keylog"), choices.one("tls-key"), choices.one("ca-file")};
  if (auto error = take_tls_files(files, live, run.engine)) return error;
  run.key_log_file = files.key_log;
  run.quiet = choices.on("quiet");
  run.verbose = choices.on("verbose");
  run.engine.show_secrets = choices.on("show-secrets");
  run.engine.threads = std::max(1u, std::thread::hardware_concurrency());
  if (const auto text = choices.one("threads")) {
    const auto threads = parse_count(*text, 1, 256);
    if (!threads) return bad_value("threads", *text, "a number from 1 to 256 is wanted");
    run.engine.threads = static_cast<unsigned>(*threads);
  }
  if (const auto text = choices.one("max-memory")) {
    const auto size = parse_size(*text);
    if (!size || *size < kLeastMemory) {
      return bad_value("max-memory", *text, "a size of at least 16M is wanted, as 256M or 2G");
    }
    run.engine.max_memory = *size;
  }
  if (const auto text = choices.one("time-wait")) {
    const auto duration = parse_seconds(*text, true);
    if (!duration) return bad_value("time-wait", *text, "seconds are wanted, as 60 or 0.5");
    run.engine.time_wait = *duration;
  }
  if (const auto text = choices.one("bodies")) {
    const auto bytes = parse_count(*text, 0, kMostBodies);
    if (!bytes) return bad_value("bodies", *text, "a number of bytes up to 1048576 is wanted");
    run.engine.bodies = *bytes;
  }
  return parse_detection(choices, run);
}

/// The options of live alone.
std::optional<Error> parse_capture(const Choices& choices, LiveOptions& live) {
  const auto interface = choices.one("interface");
  if (!interface) return Error{"live needs -i IFACE; see wirelens interfaces"};
  live.interface = *interface;
  if (const auto text = choices.one("duration")) {
    live.duration = parse_seconds(*text, false);
    if (!live.duration) return bad_value("duration", *text, "seconds are wanted, as 60 or 0.5");
  }
  if (const auto text = choices.one("count")) {
    live.count = parse_count(*text, 1, UINT64_MAX);
    if (!live.count) return bad_value("count", *text, "a number of packets is wanted");
  }
  if (const auto text = choices.one("snaplen")) {
    const auto bytes = parse_count(*text, 64, 262144);
    if (!bytes) return bad_value("snaplen", *text, "a number from 64 to 262144 is wanted");
    live.snaplen = static_cast<std::uint32_t>(*bytes);
  }
  if (const auto text = choices.one("buffer")) {
    const auto size = parse_size(*text);
    if (!size || *size < kLeastBuffer || *size > kMostBuffer) {
      return bad_value("buffer", *text, "a size from 64K to 1G is wanted, as 64M");
    }
    live.buffer_bytes = *size;
  }
  return std::nullopt;
}

}  // namespace

Result<AnalyzeOptions> parse_analyze(Arguments arguments) {
  auto choices = Choices::parse(kAnalyzeGrammar, arguments);
  if (!choices) return choices.error();
  AnalyzeOptions options;
  if (auto error = parse_run(*choices, false, options.run)) return *error;
  const std::string reader = choices->one("reader").value_or("own");
  if (reader != "own" && reader != "libpcap") {
    return bad_value("reader", reader, "own or libpcap is wanted");
  }
  options.use_libpcap = reader == "libpcap";
  options.files = choices->operands;
  if (options.files.empty()) return Error{"analyze needs a FILE; - is standard input"};
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) {
    return Error{"standard input (-) is named more than once"};
  }
  options.run.rereadable =
      std::all_of(options.files.begin(), options.files.end(), [](const std::string& file) {
        std::error_code error;
        return std::filesystem::is_regular_file(file, error);
      });
  return options;
}

Result<FollowOptions> parse_follow(Arguments arguments) {
  auto choices = Choices::parse(kFollowGrammar, arguments);
  if (!choices) return choices.error();
  FollowOptions options;
  if (auto error = parse_run(*choices, false, options.run)) return *error;
  options.data = choices->on("data");
  if (choices->operands.size() != 2) {
    return Error{"follow needs a FILE and a CONN: an id, IP:port, packet:N or finding:N"};
  }
  options.file = choices->operands[0];
  options.connection = choices->operands[1];
  if (options.file == "-") return Error{"follow reads FILE twice: it cannot be standard input"};
  return options;
}

Result<DiffOptions> parse_diff(Arguments arguments) {
  auto choices = Choices::parse(kDiffGrammar, arguments);
  if (!choices) return choices.error();
  DiffOptions options;
  if (auto error = parse_run(*choices, false, options.run)) return *error;
  if (choices->operands.size() != 2) return Error{"diff needs two files: OLD and NEW"};
  options.before = choices->operands[0];
  options.after = choices->operands[1];
  for (const std::string& path : choices->operands) {
    if (path == "-") return Error{"diff reads files, not standard input"};
  }
  return options;
}

Result<LiveCommandOptions> parse_live(Arguments arguments) {
  auto choices = Choices::parse(kLiveGrammar, arguments);
  if (!choices) return choices.error();
  LiveCommandOptions options;
  if (auto error = parse_run(*choices, true, options.run)) return *error;
  if (auto error = parse_capture(*choices, options.live)) return *error;
  options.live.filter = options.run.filter;
  return options;
}

Result<std::optional<std::string>> parse_rules(Arguments arguments) {
  auto choices = Choices::parse(kRulesGrammar, arguments);
  if (!choices) return choices.error();
  if (choices->operands.size() > 1) return Error{"rules takes one RULE, or none"};
  if (choices->operands.empty()) return std::optional<std::string>();
  return std::optional<std::string>(choices->operands.front());
}

Result<std::string> parse_generate(Arguments arguments) {
  auto choices = Choices::parse(kGenerateGrammar, arguments);
  if (!choices) return choices.error();
  constexpr std::string_view kKinds[] = {"man", "bash", "zsh"};
  const bool one = choices->operands.size() == 1;
  if (one && std::count(std::begin(kKinds), std::end(kKinds), choices->operands[0]) == 1) {
    return choices->operands[0];
  }
  const auto meant = one ? nearest(choices->operands[0], kKinds) : std::nullopt;
  return Error{fmt::format("generate makes man, bash or zsh{}",
                           meant ? fmt::format(": did you mean {}?", *meant) : "")};
}

std::optional<Error> parse_bare(const Grammar& grammar, Arguments arguments) {
  auto choices = Choices::parse(grammar, arguments);
  if (!choices) return choices.error();
  return std::nullopt;
}

bool asks_for_help(Arguments arguments) {
  return std::any_of(arguments.begin(), arguments.end(),
                     [](const std::string& each) { return each == "--help" || each == "-h"; });
}

}  // namespace wirelens
