// cli/completion.cc - what values may be, and the scripts of both shells.
#include "cli/completion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "all.h"
#include "cli/grammar.h"
#include "detect/rule.h"
#include "event/finding.h"
#include "report/report.h"

namespace wirelens {
namespace {

std::vector<std::string> rule_words() {
  std::vector<std::string> words;
  for (const detect::Rule* rule : all_rules()) words.emplace_back(rule->id);
  return words;
}

std::vector<std::string> threshold_words() {
  std::vector<std::string> words;
  for (const detect::Rule* rule : all_rules()) {
    for (const detect::Threshold& each : rule->thresholds) {
      words.push_back(fmt::format("{}.{}=", rule->id, each.name));
    }
  }
  return words;
}

std::vector<std::string> format_words() {
  std::vector<std::string> words;
  for (const std::string_view each : report_formats()) words.push_back(fmt::format("{}=", each));
  return words;
}

/// "FILE... " is FILE, "[RULE]" is RULE.
std::vector<std::string> operand_names(const Grammar& grammar) {
  std::vector<std::string> names;
  std::string_view rest = grammar.operands;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

bool repeats(std::string_view operand) {
  return operand.ends_with("...");
}

Completion completion_of_operand(std::string_view operand) {
  if (repeats(operand)) operand.remove_suffix(3);
  return completion_of(operand).value_or(Completion{});
}

/// Every option that takes a value, once: a name means the same in every command.
std::vector<const Option*> options_with_values() {
  std::vector<const Option*> all;
  for (const Grammar* grammar : all_grammars()) {
    for (const Option& option : grammar->options) {
      const bool known = std::any_of(all.begin(), all.end(),
                                     [&](const Option* each) { return each->name == option.name; });
      if (!option.value.empty() && !known) all.push_back(&option);
    }
  }
  return all;
}

std::string pattern(const Option& option) {
  return option.letter != 0 ? fmt::format("-{} | --{}", option.letter, option.name)
                            : fmt::format("--{}", option.name);
}

/// The line of bash that offers what may stand for `value`.
std::string bash_offer(const Completion& completion) {
  std::string words = fmt::format("{}", fmt::join(completion.words, " "));
  if (completion.files && !completion.words.empty()) {
    return fmt::format("_wirelens_pair \"$value\" {}", words);
  }
  if (completion.files) return "_wirelens_files";
  if (completion.interfaces) {
    return "_wirelens_interfaces \"$value\"";
  }
  if (!completion.words.empty()) return "_wirelens_words \"$value\" " + words;
  return ":";
}

constexpr std::string_view kBashParts = R"(# shellcheck shell=bash
# Completes wirelens in bash. Made by `wirelens generate bash`.

# VALUE WORD...: offers the words that begin with VALUE. What ends in = or : goes on.
_wirelens_words() {
  local value=$1 word
  shift
  for word in "$@"; do
    if [[ $word == "$value"* ]]; then COMPREPLY+=("$word"); fi
  done
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=:] ]]; then
    compopt -o nospace 2>/dev/null
  fi
}

# Leaves it to readline to offer files: it knows how their names are quoted.
_wirelens_files() {
  compopt -o default 2>/dev/null
}

# VALUE: offers this machine's network interfaces.
_wirelens_interfaces() {
  local -a names
  mapfile -t names < <(command ls /sys/class/net 2>/dev/null)
  _wirelens_words "$1" any "${names[@]}"
}

# VALUE WORD...: offers NAME=, and files behind it.
_wirelens_pair() {
  if [[ $1 == *=* ]]; then
    _wirelens_files
  else
    _wirelens_words "$@"
  fi
}
)";

constexpr std::string_view kBashBegin = R"(
_wirelens() {
  local rest=$COMP_LINE current value option piece gap i operands=0
  local -a words
  COMPREPLY=()
  # COMP_WORDS is cut at = and : too; pieces without space between them are one word.
  for ((i = 0; i <= COMP_CWORD; ++i)); do
    piece=${COMP_WORDS[i]}
    gap=${rest%%[![:space:]]*}
    rest=${rest#"$gap"}
    rest=${rest#"$piece"}
    if [[ $i -gt 0 && -z $gap ]]; then words[-1]+=$piece; else words+=("$piece"); fi
  done
  current=${words[-1]}
  value=$current
  option=${words[-2]}
  if [[ $current == --*=* ]]; then
    option=${current%%=*}
    value=${current#*=}
  fi
)";

constexpr std::string_view kBashEnd = R"(
  # Readline replaces only what follows the last = or :.
  current=${value%"${value##*[=:]}"}
  for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$current"}; done
}
complete -F _wirelens wirelens
)";

std::string bash_options(const Grammar& grammar) {
  std::string words;
  for (const Option& option : grammar.options) {
    if (option.letter != 0) words += fmt::format(" -{}", option.letter);
    words += fmt::format(" --{}", option.name);
  }
  return words;
}

/// Case branches that offer a command's operands by their place.
std::string bash_operands() {
  std::string out;
  for (const Grammar* grammar : all_grammars()) {
    std::size_t place = 0;
    for (const std::string& name : operand_names(*grammar)) {
      const std::string at = repeats(name) ? "*" : fmt::format("{}", place++);
      out += fmt::format("    \"{} \"{}) {} ;;\n", grammar->command, at,
                         bash_offer(completion_of_operand(name)));
    }
  }
  return out;
}

/// What zsh takes for a plain character inside a specification of _arguments, in single quotes.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else if (c == '[' || c == ']' || c == ':' || c == '\\') {
      out += std::string{'\\', c};
    } else {
      out += c;
    }
  }
  return out;
}

/// ":message:action" of zsh for a value.
std::string zsh_value(std::string_view name, const Completion& completion) {
  std::string action = " ";
  if (completion.files && !completion.words.empty()) {
    action = fmt::format("_wirelens_pair {}", fmt::join(completion.words, " "));
  } else if (completion.files) {
    action = "_files";
  } else if (completion.interfaces) {
    action = "_net_interfaces";
  } else if (!completion.words.empty()) {
    action = fmt::format("_wirelens_words {}", fmt::join(completion.words, " "));
  }
  return fmt::format(":{}:{}", zsh_text(name), action);
}

std::string zsh_option(const Option& option) {
  const std::string about = zsh_text(option.about);
  const std::string value =
      option.value.empty()
          ? ""
          : zsh_value(option.value, completion_of(option.value).value_or(Completion{}));
  const std::string_view joint = option.value.empty() ? "" : "=";
  const std::string_view letter_joint = option.value.empty() ? "" : "+";
  if (option.letter == 0) {
    return fmt::format("'{}--{}{}[{}]{}'", option.repeatable ? "*" : "", option.name, joint, about,
                       value);
  }
  const std::string others =
      option.repeatable ? "*" : fmt::format("(-{} --{})", option.letter, option.name);
  return fmt::format("'{}'{{-{}{},--{}{}}}'[{}]{}'", others, option.letter, letter_joint,
                     option.name, joint, about, value);
}

std::string zsh_command(const Grammar& grammar) {
  std::string out = fmt::format("    {})\n      _arguments -s -S", grammar.command);
  for (const Option& option : grammar.options) out += " \\\n        " + zsh_option(option);
  std::size_t place = 1;
  for (const std::string& name : operand_names(grammar)) {
    const std::string at = repeats(name) ? "*" : fmt::format("{}", place++);
    out += fmt::format(" \\\n        '{}{}'", at, zsh_value(name, completion_of_operand(name)));
  }
  return out + "\n      ;;\n";
}

constexpr std::string_view kZshParts = R"(#compdef wirelens
# Completes wirelens in zsh. Made by `wirelens generate zsh`.

# WORD...: offers the words. What ends in = or : goes on.
_wirelens_words() {
  local -a whole open
  whole=(${@:#*[=:]})
  open=(${(M)@:#*[=:]})
  compadd -a whole
  compadd -S '' -a open
}

# WORD...: offers NAME=, and files behind it.
_wirelens_pair() {
  if compset -P '[a-z]#='; then
    _files
  else
    _wirelens_words "$@"
  fi
}

_wirelens_commands() {
  local -a commands
  commands=(
)";

constexpr std::string_view kZshBegin = R"(  )
  _describe -t commands command commands
}

_wirelens() {
  setopt localoptions extendedglob
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C \
    '(- *)'{-h,--help}'[what the commands are]' \
    '(- *)--version[print the version]' \
    ':command:_wirelens_commands' \
    '*::: :->rest' && return
  [[ $state == rest ]] || return 1
  words=($line[1] "${words[@]}")
  ((CURRENT += 1))
  curcontext=${curcontext%:*:*}:wirelens-$line[1]:
  case $line[1] in
)";

constexpr std::string_view kZshEnd = R"(  esac
}

if [[ $funcstack[1] == _wirelens ]]; then
  _wirelens "$@"
else
  compdef _wirelens wirelens
fi
)";

}  // namespace

std::optional<Completion> completion_of(std::string_view value) {
  for (const std::string_view number : {"N", "SIZE", "SECONDS", "BPF"}) {
    if (value == number) return Completion{};
  }
  for (const std::string_view file : {"FILE", "PEM", "OLD", "NEW"}) {
    if (value == file) return Completion{.files = true, .words = {}};
  }
  if (value == "FORMAT=PATH") return Completion{.files = true, .words = format_words()};
  if (value == "IFACE") return Completion{.interfaces = true, .words = {}};
  if (value == "READER") return Completion{.words = {"own", "libpcap"}};
  if (value == "RULE") return Completion{.words = rule_words()};
  if (value == "RULE.NAME=VALUE") return Completion{.words = threshold_words()};
  if (value == "CONN") return Completion{.words = {"packet:", "finding:"}};
  if (value == "WHAT") return Completion{.words = {"man", "bash", "zsh"}};
  if (value == "SEVERITY") {
    return Completion{.words = {kSeverityNames.begin(), kSeverityNames.end()}};
  }
  return std::nullopt;
}

std::string bash_completion() {
  std::string out(kBashParts);
  std::string with_values;
  std::string commands;
  out += kBashBegin;
  out += "  case $option in\n";
  for (const Option* option : options_with_values()) {
    const Completion completion = completion_of(option->value).value_or(Completion{});
    out += fmt::format("    {}) {} ;;\n", pattern(*option), bash_offer(completion));
    with_values += (with_values.empty() ? "" : " | ") + pattern(*option);
  }
  for (const Grammar* grammar : all_grammars()) commands += fmt::format(" {}", grammar->command);
  out += fmt::format(
      "    *)\n"
      "      value=$current\n"
      "      for ((i = 2; i < ${{#words[@]}} - 1; ++i)); do\n"
      "        case ${{words[i]}} in\n"
      "          {}) ((++i)) ;;\n"
      "          -?*) ;;\n"
      "          *) ((++operands)) ;;\n"
      "        esac\n"
      "      done\n"
      "      if ((${{#words[@]}} <= 2)); then\n"
      "        _wirelens_words \"$value\"{} --help --version\n"
      "      elif [[ $current == -* ]]; then\n"
      "        _wirelens_options \"${{words[1]}}\" \"$value\"\n"
      "      else\n"
      "        _wirelens_operands \"${{words[1]}} $operands\" \"$value\"\n"
      "      fi\n"
      "      ;;\n"
      "  esac\n",
      with_values, commands);
  out += kBashEnd;
  std::string parts =
      "\n# COMMAND VALUE: offers the options of a command.\n_wirelens_options() {\n"
      "  case $1 in\n";
  for (const Grammar* grammar : all_grammars()) {
    parts += fmt::format("    {}) _wirelens_words \"$2\"{} ;;\n", grammar->command,
                         bash_options(*grammar));
  }
  parts +=
      "  esac\n}\n\n# \"COMMAND PLACE\" VALUE: offers what that operand may be.\n"
      "_wirelens_operands() {\n  local value=$2\n  case $1 in\n" +
      bash_operands() + "  esac\n}\n";
  return out.insert(kBashParts.size(), parts);
}

std::string zsh_completion() {
  std::string out(kZshParts);
  for (const Grammar* grammar : all_grammars()) {
    out += fmt::format("    '{}:{}'\n", grammar->command, zsh_text(grammar->summary));
  }
  out += kZshBegin;
  for (const Grammar* grammar : all_grammars()) out += zsh_command(*grammar);
  return out + std::string(kZshEnd);
}

}  // namespace wirelens
