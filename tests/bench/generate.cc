// bench/generate.cc - wirelens_generate: writes a workload as a capture, and the truth about it.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

#include "bench/generated.h"

namespace {

using namespace wirelens::bench;

constexpr char kUsage[] =
    "usage: wirelens_generate WORKLOAD -o FILE [--truth FILE] [options]\n"
    "  workloads: bulk http mix lossy hour small flows flood fixed path\n"
    "  --seed N --packets N --flows N --rounds N --zipf --n N --size N --case NAME\n"
    "  --content tls|http --format pcap|pcap-ns|pcapng --swapped --snaplen N\n";

struct Command {
  Options options;
  CaptureOptions capture;
  std::string workload;
  std::string output;
  std::string truth;
};

Format format_named(const std::string& name) {
  if (name == "pcap") return Format::pcap;
  if (name == "pcap-ns") return Format::pcap_nanoseconds;
  if (name == "pcapng") return Format::pcapng;
  throw std::runtime_error("unknown format: " + name);
}

std::uint64_t number(const std::string& text) {
  std::size_t used = 0;
  const double value = std::stod(text, &used);  // 1e6 is a number, too
  if (used != text.size() || value < 0 || value > 1e15)
    throw std::runtime_error("not a count: " + text);
  return static_cast<std::uint64_t>(value);
}

void set_option(Command& command, const std::string& name, const std::string& value) {
  Options& options = command.options;
  if (name == "-o")
    command.output = value;
  else if (name == "--truth")
    command.truth = value;
  else if (name == "--seed")
    options.seed = number(value);
  else if (name == "--packets")
    options.packets = number(value);
  else if (name == "--flows")
    options.flows = number(value);
  else if (name == "--rounds")
    options.rounds = number(value);
  else if (name == "--n")
    options.n = number(value);
  else if (name == "--size")
    options.size = number(value);
  else if (name == "--case")
    options.name = value;
  else if (name == "--content")
    options.content = value;
  else if (name == "--format")
    command.capture.format = format_named(value);
  else if (name == "--snaplen")
    command.capture.snaplen = static_cast<std::uint32_t>(number(value));
  else
    throw std::runtime_error("unknown option: " + name);
}

Command parse(int argc, char** argv) {
  Command command;
  if (argc < 2) throw std::runtime_error("no workload");
  command.workload = argv[1];
  for (int i = 2; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--zipf") {
      command.options.zipf = true;
    } else if (name == "--swapped") {
      command.capture.swapped = true;
    } else if (++i < argc) {
      set_option(command, name, argv[i]);
    } else {
      throw std::runtime_error(name + " needs a value");
    }
  }
  if (command.output.empty()) throw std::runtime_error("no -o FILE");
  return command;
}

void generate(const Command& command) {
  const Truth truth = generate(command.workload, command.options, command.output, command.capture);
  if (command.truth.empty()) return;
  std::ofstream file(command.truth);
  file << truth.json();
  if (!file.flush()) throw std::runtime_error("cannot write " + command.truth);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    generate(parse(argc, argv));
    return EXIT_SUCCESS;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "wirelens_generate: %s\n%s", error.what(), kUsage);
    return EXIT_FAILURE;
  }
}
