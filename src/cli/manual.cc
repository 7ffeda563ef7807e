// cli/manual.cc - the man page: commands, then options, each told once with the commands that take
// it.
#include "cli/manual.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "cli/grammar.h"

namespace wirelens {
namespace {

/// When what is written in this file was last changed; the rest is made of the grammar.
constexpr std::string_view kWritten = "2026-11-21";
constexpr std::size_t kSourceColumns = 78;  ///< of the page's source

/// Text that roff shows as it is: no request, no escape, dashes that can be copied.
std::string roff(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else if (c == '\'') {
      out += "\\(aq";
    } else if (c == '`') {
      out += "\\(ga";
    } else if (c == '~') {
      out += "\\(ti";
    } else {
      out += c;
    }
  }
  return out;
}

/// Whether the sentence ends with this word, which `rest` follows.
bool ends_sentence(std::string_view word, std::string_view rest) {
  const char next = rest.empty() ? ' ' : rest.front();
  return word.ends_with('.') && next >= 'A' && next <= 'Z';
}

/// Sentences begin lines, as roff wants it for its spacing; long ones are broken.
std::string sentences(std::string_view text) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    const std::string piece = roff(word);
    if (column > 0 && column + 1 + piece.size() > kSourceColumns) {
      out += '\n';
      column = 0;
    }
    out += column > 0 ? " " + piece : piece;
    column += piece.size() + 1;
    if (!ends_sentence(word, text)) continue;
    out += '\n';
    column = 0;
  }
  return out + "\n";
}

/// "wirelens analyze [options] FILE..."
std::string usage(const Grammar& grammar) {
  std::string out = fmt::format("\\fBwirelens {}\\fR", grammar.command);
  if (!grammar.usage.empty()) out += " " + roff(grammar.usage);
  return out;
}

std::string flags(const Option& option) {
  std::string out = option.letter != 0 ? fmt::format("\\fB\\-{}\\fR, ", option.letter) : "";
  out += fmt::format("\\fB\\-\\-{}\\fR", roff(option.name));
  if (!option.value.empty()) out += fmt::format(" \\fI{}\\fR", roff(option.value));
  return out;
}

void add_option(std::string& out, const Option& option) {
  out += fmt::format(".TP\n{}\n{}", flags(option), sentences(option.about));
}

/// An option and the commands that take it.
struct Shared {
  const Option* option;
  std::vector<std::string_view> commands;
};

std::vector<Shared> shared_options() {
  std::vector<Shared> all;
  for (const Grammar* grammar : all_grammars()) {
    for (const Option& option : grammar->options) {
      auto found = all.begin();
      while (found != all.end() && found->option->name != option.name) ++found;
      if (found == all.end()) found = all.insert(found, {&option, {}});
      found->commands.push_back(grammar->command);
    }
  }
  return all;
}

/// Options in groups of those that the same commands take.
void add_options(std::string& out) {
  std::vector<Shared> left = shared_options();
  while (!left.empty()) {
    const std::vector<std::string_view> commands = left.front().commands;
    const bool every = commands.size() == all_grammars().size();
    out += fmt::format(".SS {}\n",
                       every ? "Every command" : fmt::format("{}", fmt::join(commands, ", ")));
    for (const Shared& each : left) {
      if (each.commands == commands) add_option(out, *each.option);
    }
    std::erase_if(left, [&](const Shared& each) { return each.commands == commands; });
  }
}

void add_commands(std::string& out) {
  for (const Grammar* grammar : all_grammars()) {
    out += fmt::format(".TP\n{}\n{}", usage(*grammar), sentences(grammar->about));
  }
}

void add_examples(std::string& out) {
  for (const Grammar* grammar : all_grammars()) {
    std::string_view rest = grammar->examples;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
      std::string_view line = rest.substr(0, end);
      line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
      out += roff(line) + "\n";
      rest.remove_prefix(end + 1);
    }
  }
}

}  // namespace

std::string manual(std::string_view version) {
  std::string out =
      fmt::format(".TH WIRELENS 1 {} \"wirelens {}\" \"User Commands\"\n", kWritten, version);
  out +=
      ".SH NAME\nwirelens \\- passive packet-capture protocol analyzer\n"
      ".SH SYNOPSIS\n";
  std::string between;
  for (const Grammar* grammar : all_grammars()) {
    out += between + usage(*grammar) + "\n";
    between = ".br\n";
  }
  out +=
      ".SH DESCRIPTION\n"
      "Says from captured packets who talked to whom, what went wrong, what it cost,\n"
      "and which packets prove it.\nIt never sends a packet.\n"
      ".SH COMMANDS\n";
  add_commands(out);
  out += ".SH OPTIONS\n";
  add_options(out);
  out += ".TP\n\\fB\\-\\-version\\fR\nprint the version (in place of a command)\n";
  out += ".SH EXIT STATUS\n";
  for (const ExitMeaning& each : exit_meanings()) {
    out += fmt::format(".TP\n{}\n{}", each.status, sentences(each.about));
  }
  out +=
      ".SH ENVIRONMENT\n"
      ".TP\nNO_COLOR\nIf set and not empty, no colours are written.\n"
      ".TP\nCOLUMNS\nThe width of text reports that do not go to a terminal.\n"
      ".SH EXAMPLES\n.nf\n";
  add_examples(out);
  out += ".fi\n.SH SEE ALSO\n.BR pcap\\-filter (7),\n.BR tcpdump (8),\n.BR wireshark (1)\n";
  return out;
}

}  // namespace wirelens
