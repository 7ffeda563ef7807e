// cli/options.h - what the user asked for, from the command line and the config file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/source.h"
#include "cli/grammar.h"
#include "engine/engine.h"
#include "event/finding.h"
#include "report/report.h"

namespace wirelens {

/// What analyze and live share.
struct RunOptions {
  std::vector<WriteTarget> writes;
  std::string filter;
  EngineOptions engine;                     ///< without protocols
  std::optional<Severity> fail_on;          ///< exit status 1 for findings at or above
  std::optional<std::string> key_log_file;  ///< --keylog
  bool rereadable = false;                  ///< the input is files, which can be read twice
  bool quiet = false;
  bool verbose = false;
};

struct AnalyzeOptions {
  RunOptions run;
  bool use_libpcap = false;
  std::vector<std::string> files;
};

struct FollowOptions {
  RunOptions run;
  bool data = false;  ///< show payload
  std::string file;
  std::string connection;  ///< as the user named it
};

struct DiffOptions {
  RunOptions run;
  std::string before;
  std::string after;
};

struct LiveCommandOptions {
  RunOptions run;
  LiveOptions live;  ///< without `stop`
};

/// Bounds of what an option takes, beside what its type can hold.
inline constexpr std::size_t kLeastMemory = std::size_t{16} << 20;
inline constexpr std::uint64_t kMostBodies = std::uint64_t{1} << 20;
inline constexpr std::uint64_t kLeastBuffer = std::uint64_t{64} << 10;
inline constexpr std::uint64_t kMostBuffer = std::uint64_t{1} << 30;

using Arguments = std::span<const std::string>;

/// Errors are one line that names the option and the nearest right one (exit status 2).
Result<AnalyzeOptions> parse_analyze(Arguments arguments);
Result<FollowOptions> parse_follow(Arguments arguments);
Result<DiffOptions> parse_diff(Arguments arguments);
Result<LiveCommandOptions> parse_live(Arguments arguments);
/// The operand of `wirelens rules`, if there is one.
Result<std::optional<std::string>> parse_rules(Arguments arguments);
/// The operand of `wirelens generate`: man, bash or zsh.
Result<std::string> parse_generate(Arguments arguments);
/// For commands without options or operands: the error, if there is one.
std::optional<Error> parse_bare(const Grammar& grammar, Arguments arguments);

/// Whether --help or -h stands among `arguments`.
bool asks_for_help(Arguments arguments);

}  // namespace wirelens
