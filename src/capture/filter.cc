// capture/filter.cc - compiles BPF once for each link type and runs it here, not in the kernel.
#include "capture/filter.h"

#include <fmt/format.h>
#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "capture/format.h"
#include "capture/linktype.h"

namespace wirelens {
namespace {

constexpr std::array<std::string_view, 6> kBeforeHosts{"host", "gateway", "net",
                                                       "src",  "dst",     "mask"};
constexpr std::array<std::string_view, 13> kNoHosts{
    "host", "net", "port", "portrange", "proto", "protochain", "gateway",
    "or",   "and", "not",  "mask",      "src",   "dst"};

template <class List>
bool contains(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// Begins like a name and is no IPv6 or MAC address.
bool is_name(std::string_view word) {
  const bool letter = std::any_of(word.begin(), word.end(), [](unsigned char character) {
    return std::isalpha(character) != 0;
  });
  const bool hex = word.starts_with("0x") || word.find(':') != word.npos;
  return letter && !hex;
}

bool is_word_character(unsigned char character) {
  return std::isalnum(character) != 0 ||
         std::string_view("._:-\\").find(static_cast<char>(character)) != std::string_view::npos;
}

/// Six groups of two hexadecimal digits between dashes, or three of four between dots.
bool is_mac(std::string_view word) {
  const bool hex = std::all_of(word.begin(), word.end(), [](unsigned char character) {
    return std::isxdigit(character) != 0 || character == '-' || character == '.';
  });
  return hex && (word.size() == 17 || word.size() == 14);
}

}  // namespace

std::optional<std::string> names_a_host(const std::string& expression) {
  std::string_view rest = expression;
  std::string_view before;
  while (!rest.empty()) {
    const auto end = std::find_if_not(rest.begin(), rest.end(), is_word_character);
    const std::string_view word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest.remove_prefix(std::max<std::size_t>(word.size(), 1));
    if (word.empty()) continue;
    const bool after_host_word = contains(kBeforeHosts, before) && !contains(kNoHosts, word);
    const bool domain = word.find('.') != word.npos;
    if (is_name(word) && !is_mac(word) && (after_host_word || domain)) {
      return fmt::format("names are not looked up: give the address of {}", word);
    }
    before = word;
  }
  return std::nullopt;
}

struct Filter::Program {
  std::uint16_t linktype;
  bpf_program code{};
  std::string fault;
};

Filter::Filter(std::string expression) : expression_(std::move(expression)) {}

Filter::~Filter() {
  for (const auto& program : programs_) pcap_freecode(&program->code);
}

Filter::Program& Filter::program(std::uint16_t linktype) {
  for (const auto& each : programs_) {
    if (each->linktype == linktype) return *each;
  }
  auto made = std::make_unique<Program>();
  made->linktype = linktype;
  pcap_t* const dead = pcap_open_dead(dlt_of(linktype), static_cast<int>(kMaxCaptured));
  if (auto fault = names_a_host(expression_)) {
    made->fault = *fault;
  } else if (pcap_compile(dead, &made->code, expression_.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0) {
    made->fault = pcap_geterr(dead);
  }
  pcap_close(dead);
  programs_.push_back(std::move(made));
  return *programs_.back();
}

const std::string& Filter::compile(std::uint16_t linktype) {
  return program(linktype).fault;
}

bool Filter::passes(const Packet& packet, std::uint16_t linktype) {
  Program& compiled = program(linktype);
  if (!compiled.fault.empty()) return false;
  pcap_pkthdr header{};
  header.caplen = static_cast<bpf_u_int32>(packet.bytes.size());
  header.len = packet.original_length;
  return pcap_offline_filter(&compiled.code, &header, packet.bytes.data()) != 0;
}

namespace {

class FilteredSource final : public Source {
 public:
  FilteredSource(std::unique_ptr<Source> source, const std::string& expression)
      : source_(std::move(source)), expression_(expression), filter_(expression) {}

  /// An Error if no interface that is known can be filtered; Ethernet stands in for none.
  std::optional<Error> check() {
    if (source_->interfaces().empty()) return error(filter_.compile(1));
    bool fits = false;
    for (const Interface& interface : source_->interfaces()) {
      fits = fits || filter_.compile(interface.linktype).empty();
    }
    if (fits) return std::nullopt;
    return error(filter_.compile(source_->interfaces().front().linktype));
  }

  ReadResult read(std::span<Packet> packets) override {
    ReadResult result;
    do {
      result = source_->read(packets);
      const auto& interfaces = source_->interfaces();
      for (; checked_ < interfaces.size(); ++checked_) check_later(interfaces[checked_]);
      const auto kept = std::remove_if(
          packets.begin(), packets.begin() + static_cast<std::ptrdiff_t>(result.count),
          [&](const Packet& packet) {
            return !filter_.passes(packet, interfaces[packet.interface].linktype);
          });
      const bool idle = result.count == 0;
      result.count = static_cast<std::size_t>(kept - packets.begin());
      if (idle) break;
    } while (result.count == 0 && !result.ended);
    const auto& below = source_->remarks();
    for (; remarks_taken_ < below.size(); ++remarks_taken_)
      remarks_.push_back(below[remarks_taken_]);
    return result;
  }
  bool repeatable() const override { return source_->repeatable(); }
  const std::vector<Interface>& interfaces() const override { return source_->interfaces(); }
  const Annotations& annotations() const override { return source_->annotations(); }
  const std::vector<Damage>& damages() const override { return source_->damages(); }
  const std::vector<std::string>& names() const override { return source_->names(); }
  const std::vector<std::string>& remarks() const override { return remarks_; }
  std::uint64_t bytes_read() const override { return source_->bytes_read(); }
  std::optional<std::uint64_t> bytes_total() const override { return source_->bytes_total(); }

 private:
  std::optional<Error> error(const std::string& fault) const {
    if (fault.empty()) return std::nullopt;
    return Error{fmt::format("filter '{}': {}", expression_, fault)};
  }
  void check_later(const Interface& interface) {
    if (std::find(refused_.begin(), refused_.end(), interface.linktype) != refused_.end()) return;
    const std::string& fault = filter_.compile(interface.linktype);
    if (fault.empty()) return;
    refused_.push_back(interface.linktype);
    remarks_.push_back(
        fmt::format("packets of link type {} are left out: filter '{}' does not work there: {}",
                    linktype_name(interface.linktype), expression_, fault));
  }

  std::unique_ptr<Source> source_;
  std::string expression_;
  Filter filter_;
  std::size_t checked_ = 0;             ///< interfaces
  std::vector<std::uint16_t> refused_;  ///< link types
  std::vector<std::string> remarks_;
  std::size_t remarks_taken_ = 0;
};

}  // namespace

Result<std::unique_ptr<Source>> filtered(std::unique_ptr<Source> source,
                                         const std::string& expression) {
  auto result = std::make_unique<FilteredSource>(std::move(source), expression);
  if (auto error = result->check()) return *error;
  return std::unique_ptr<Source>(std::move(result));
}

}  // namespace wirelens
