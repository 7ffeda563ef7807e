// cli/grammar.cc - the commands, their options, and help that is made of them.
#include "cli/grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/status.h"

namespace wirelens {
namespace {

constexpr Option kWriteOption[] = {
    {'w', "write", "FORMAT=PATH",
     "write FORMAT (text, ndjson, har, junit, html, pcapng) to PATH, - for standard output; may be "
     "repeated (default text=-)",
     true},
};
constexpr Option kAnalysisOptions[] = {
    {'f', "filter", "BPF", "look only at packets that match, as tcpdump's filters"},
    {'j', "threads", "N", "worker threads (default: one a core)"},
    {0, "max-memory", "SIZE", "memory for the analysis, as 256M or 2G (default 1G)"},
    {0, "time-wait", "SECONDS", "how long a closed connection's ports rest (default 60)"},
    {0, "set", "RULE.NAME=VALUE",
     "set a threshold of a rule, see `wirelens rules`; may be repeated", true},
    {0, "fail-on", "SEVERITY",
     "end with status 1 if there is a finding of info, low, medium, high or critical, or above"},
    {0, "bodies", "N", "keep the first N bytes of HTTP bodies in records (default 0)"},
    {0, "keylog", "FILE", "decrypt TLS with the secrets in FILE (as SSLKEYLOGFILE makes it)"},
    {0, "tls-key", "PEM", "decrypt TLS whose keys were exchanged by this RSA private key"},
    {0, "ca-file", "PEM", "verify certificates against these (default: the system's store)"},
    {0, "show-secrets", "", "do not redact credentials, cookies and tokens"},
    {0, "config", "FILE", "read options from an INI file: the same names, name=value"},
    {'q', "quiet", "", "no progress and no remarks on standard error"},
    {'v', "verbose", "", "say at the end how fast it went"},
    {'h', "help", "", "this text"},
};
constexpr Option kReaderOptions[] = {
    {0, "reader", "READER", "what opens FILE, own or libpcap: the results are the same"},
};
constexpr Option kCaptureOptions[] = {
    {'i', "interface", "IFACE", "where to capture: see `wirelens interfaces`"},
    {0, "duration", "SECONDS", "stop after so long"},
    {0, "count", "N", "stop after N packets"},
    {0, "snaplen", "N", "keep at most N bytes of a packet (default 262144)"},
    {0, "buffer", "SIZE", "the kernel's buffer, as 64M (default 64M)"},
};
constexpr Option kFollowOnly[] = {
    {0, "data", "", "show the bytes of each packet as escaped text"},
};
constexpr Option kBareOptions[] = {
    {'h', "help", "", "this text"},
};

template <class First, class Second>
constexpr auto joined(const First& first, const Second& second) {
  std::array<Option, std::size(First{}) + std::size(Second{})> all{};
  std::copy(std::begin(second), std::end(second),
            std::copy(std::begin(first), std::end(first), all.begin()));
  return all;
}
constexpr auto kRunOptions = joined(kWriteOption, kAnalysisOptions);
constexpr auto kAnalyzeOptions = joined(kRunOptions, kReaderOptions);
constexpr auto kFollowOptions = joined(kFollowOnly, kRunOptions);
constexpr auto kLiveOptions = joined(kCaptureOptions, kRunOptions);

/// Appends `words` after `indent` columns, broken at 80 columns; the first line has them already.
void append_wrapped(std::string& out, std::string_view words, std::size_t indent) {
  constexpr std::size_t kWidth = 80;
  std::size_t column = indent;
  while (!words.empty()) {
    const std::size_t space = std::min(words.find(' '), words.size());
    if (column > indent && column + 1 + space > kWidth) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += words.substr(0, space);
    column += space;
    words.remove_prefix(std::min(space + 1, words.size()));
  }
  out += '\n';
}

}  // namespace

const Grammar kAnalyzeGrammar = {
    .command = "analyze",
    .summary = "analyse capture files",
    .usage = "[options] FILE...",
    .operands = "FILE...",
    .about =
        "Analyses captures (pcap, pcapng, also inside gzip or zstd; - is standard input). Several "
        "files are one timeline, ordered by packet time. Exit status: 0 done, 1 a finding at or "
        "above --fail-on, 2 wrong usage, 3 an input could not be read or was damaged (what came "
        "before is reported), 4 an output could not be written, 130 interrupted (what was seen is "
        "reported), 141 the reader of a pipe went away.",
    .options = kAnalyzeOptions,
    .examples =
        "  wirelens analyze shop.pcapng\n"
        "  wirelens analyze -w text=- -w ndjson=shop.ndjson shop.pcapng\n"
        "  wirelens analyze -f 'tcp port 8080' monday.pcap tuesday.pcap.gz\n"
        "  tcpdump -w - | wirelens analyze -w ndjson=- - | jq 'select(.status >= 500)'\n"};

const Grammar kLiveGrammar = {
    .command = "live",
    .summary = "capture from an interface and analyse",
    .usage = "-i IFACE [options]",
    .about =
        "Captures from an interface and analyses what passes, until SIGINT or SIGTERM, --duration "
        "or --count; all three are a normal end (exit status 0). ndjson shows records while they "
        "come, text sums up at the end. It never sends a packet.",
    .options = kLiveOptions,
    .examples =
        "  wirelens live -i eth0 --duration 60\n"
        "  wirelens live -i any -f 'tcp port 443 or tcp port 80' -w ndjson=-\n"};

const Grammar kFollowGrammar = {
    .command = "follow",
    .summary = "show one connection packet by packet",
    .usage = "[options] FILE CONN",
    .operands = "FILE CONN",
    .about =
        "Shows one connection packet by packet: an arrow each, from client to server or back, with "
        "flags, relative sequence number + length, the states of both ends when they change, what "
        "was lost or sent again, and what the bytes meant. CONN is the connection's id, IP:port of "
        "one of its ends, packet:N for that of packet N, or finding:N for the one that the N-th "
        "finding is about. With -w, other formats write what concerns this connection.",
    .options = kFollowOptions,
    .examples =
        "  wirelens follow shop.pcapng 17\n"
        "  wirelens follow shop.pcapng 10.0.2.1:40122 --data\n"
        "  wirelens follow shop.pcapng packet:2518 | less\n"};

const Grammar kRulesGrammar = {
    .command = "rules",
    .summary = "list what can be found wrong, or explain it",
    .usage = "[RULE]",
    .operands = "RULE",
    .about =
        "Lists what can be found wrong, or explains one rule: what it means, its thresholds "
        "(--set RULE.NAME=VALUE of analyze and live), what to do, and its source.",
    .options = kBareOptions,
    .examples =
        "  wirelens rules\n"
        "  wirelens rules tcp.syn_flood\n"};

const Grammar kDiffGrammar = {
    .command = "diff",
    .summary = "say what changed between two captures or files of records",
    .usage = "[options] OLD NEW",
    .operands = "OLD NEW",
    .about =
        "Says what changed between two captures, or two files of records (-w ndjson=): findings, "
        "servers, exchanges and TLS that appeared (+), vanished (-) or changed (~). Timings and "
        "shares count as changed beyond what chance explains. Exit status: 0 no difference, 1 "
        "differences, 2 wrong usage, 3 an input could not be read.",
    .options = kAnalysisOptions,
    .examples =
        "  wirelens diff monday.pcap tuesday.pcap\n"
        "  wirelens diff expected.ndjson today.pcapng || echo it changed\n"};

const Grammar kSchemaGrammar = {
    .command = "schema",
    .summary = "print the JSON Schema of the records",
    .usage = "",
    .about = "Prints the JSON Schema (draft 2020-12) of every record type of ndjson.",
    .options = kBareOptions,
    .examples = "  wirelens schema > records.schema.json\n"};

const Grammar kInterfacesGrammar = {
    .command = "interfaces",
    .summary = "list what live can capture from",
    .usage = "",
    .about = "Lists what `wirelens live -i` can take, and why not where it cannot.",
    .options = kBareOptions,
    .examples = "  wirelens interfaces\n"};

const Grammar kGenerateGrammar = {
    .command = "generate",
    .summary = "print the man page, or completion for a shell",
    .usage = "man|bash|zsh",
    .operands = "WHAT",
    .about =
        "Prints the man page, or what completes command lines of wirelens in bash or zsh. "
        "cmake --install puts all three where they are looked for.",
    .options = kBareOptions,
    .examples =
        "  wirelens generate man | man -l -\n"
        "  source <(wirelens generate bash)\n"
        "  wirelens generate zsh > ~/.zfunc/_wirelens\n"};

std::span<const Grammar* const> all_grammars() {
  static constexpr const Grammar* kAll[] = {&kAnalyzeGrammar,    &kLiveGrammar,    &kFollowGrammar,
                                            &kRulesGrammar,      &kDiffGrammar,    &kSchemaGrammar,
                                            &kInterfacesGrammar, &kGenerateGrammar};
  return kAll;
}

std::span<const ExitMeaning> exit_meanings() {
  static constexpr ExitMeaning kAll[] = {
      {kDone, "done; for live also: stopped by a signal"},
      {kFound, "there is a finding at or above --fail-on; diff: there are differences"},
      {kUsage, "wrong usage: one line names the option and the nearest right one"},
      {kInputFailed,
       "an input could not be read, or was damaged: what came before the damage is reported"},
      {kOutputFailed,
       "an output could not be written: nothing half-written is left under its name"},
      {kInterrupted,
       "analyze was interrupted, with complete output for what was seen; a second signal ends it "
       "at once"},
      {kReaderLeft, "the reader of a pipe went away"}};
  return kAll;
}

std::string help_text(const Grammar& grammar) {
  std::string out = fmt::format("usage: wirelens {}{}{}\n\n", grammar.command,
                                grammar.usage.empty() ? "" : " ", grammar.usage);
  append_wrapped(out, grammar.about, 0);
  out += '\n';
  constexpr std::size_t kIndent = 28;
  for (const Option& option : grammar.options) {
    std::string head = option.letter != 0 ? fmt::format("  -{}, --{}", option.letter, option.name)
                                          : fmt::format("      --{}", option.name);
    if (!option.value.empty()) head += fmt::format(" {}", option.value);
    const bool fits = head.size() + 2 <= kIndent;
    out += fits ? head + std::string(kIndent - head.size(), ' ')
                : head + "\n" + std::string(kIndent, ' ');
    append_wrapped(out, option.about, kIndent);
  }
  out += fmt::format("\nexamples:\n{}", grammar.examples);
  return out;
}

std::string overview_text() {
  std::string out =
      "usage: wirelens COMMAND [options]\n\n"
      "Says from captured packets who talked to whom, what went wrong, and which\n"
      "packets prove it. Passive: it never sends a packet.\n\n";
  for (const Grammar* each : all_grammars()) {
    out += fmt::format("  {:<12}{}\n", each->command, each->summary);
  }
  return out +
         "\n  wirelens COMMAND --help   options and examples of one command\n"
         "  wirelens --version\n";
}

}  // namespace wirelens
