// report/pcapng.cc - blocks of draft-ietf-opsawg-pcapng, little-endian, times in nanoseconds.
#include "report/pcapng.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "report/flat_fields.h"
#include "report/wire_text.h"

namespace wirelens {
namespace {

constexpr std::uint32_t kSection = 0x0a0d0d0a, kInterface = 1, kEnhancedPacket = 6, kSecrets = 10;
constexpr std::uint32_t kByteOrderMagic = 0x1a2b3c4d, kTlsKeyLog = 0x544c534b;
constexpr std::uint16_t kComment = 1, kHardware = 2, kSystem = 3, kApplication = 4;
constexpr std::uint16_t kName = 2, kDescription = 3, kResolution = 9;
constexpr std::size_t kLongestOption = 65'532;

template <class Integer>
void put(std::string& out, Integer value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff);
  }
}

void pad(std::string& out) {
  out.append((4 - out.size() % 4) % 4, '\0');
}

/// A block's body, grown option by option.
class Block {
 public:
  std::string body;

  void option(std::uint16_t code, std::string_view value) {
    if (value.empty()) return;
    value = value.substr(0, kLongestOption);
    put(body, code);
    put(body, static_cast<std::uint16_t>(value.size()));
    body += value;
    pad(body);
    options_ = true;
  }
  void append_to(std::string& out, std::uint32_t type) {
    if (options_) put(body, std::uint32_t{0});
    pad(body);
    const auto length = static_cast<std::uint32_t>(body.size() + 12);
    put(out, type);
    put(out, length);
    out += body;
    put(out, length);
  }

 private:
  bool options_ = false;
};

std::string comment_of(const FlatFields& finding) {
  std::string severity(finding.text("severity"));
  std::transform(severity.begin(), severity.end(), severity.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string out =
      fmt::format("wirelens {} {}: {}", severity, finding.text("rule"), finding.text("title"));
  if (!finding.text("subject").empty()) out += fmt::format(" ({})", finding.text("subject"));
  return printable(out);
}

}  // namespace

PcapngReport::PcapngReport(std::unique_ptr<Output> output, SecretText key_log)
    : output_(std::move(output)), key_log_(std::move(key_log)) {}

void PcapngReport::write(const Event& event) {
  if (event.type().name != "finding") return;
  const FlatFields fields(event);
  if (fields.text("interim") == "true") return;
  const std::string comment = comment_of(fields);
  for (const FlatFields::Entry& entry : fields.entries()) {
    if (entry.path != "packets" || count_ == kMostComments) continue;
    comments_[static_cast<std::uint64_t>(entry.value)].push_back(comment);
    ++count_;
  }
}

void PcapngReport::begin(const Source& source) {
  begun_ = true;
  const Annotations& known = source.annotations();
  Block section;
  put(section.body, kByteOrderMagic);
  put(section.body, std::uint16_t{1});
  put(section.body, std::uint16_t{0});
  put(section.body, std::int64_t{-1});  // length: not known
  section.option(kHardware, known.hardware);
  section.option(kSystem, known.os);
  section.option(kApplication, known.application.empty()
                                   ? std::string("wirelens")
                                   : fmt::format("{}; wirelens", known.application));
  section.append_to(text_, kSection);
  secrets(key_log_.view());
}

void PcapngReport::secrets(std::string_view log) {
  if (log.empty()) return;
  Block block;
  put(block.body, kTlsKeyLog);
  put(block.body, static_cast<std::uint32_t>(log.size()));
  block.body += log;
  block.append_to(text_, kSecrets);
}

void PcapngReport::describe_interfaces(const Source& source) {
  const std::vector<Interface>& all = source.interfaces();
  for (; interfaces_ < all.size(); ++interfaces_) {
    const Interface& each = all[interfaces_];
    Block block;
    put(block.body, each.linktype);
    put(block.body, std::uint16_t{0});
    put(block.body, each.snaplen.value_or(0));
    block.option(kName, each.name);
    block.option(kDescription, each.description);
    block.option(kResolution, "\x09");
    block.append_to(text_, kInterface);
  }
}

/// What the input said of its packets; keys stand before the packets that need them.
void PcapngReport::keep_annotations(const Source& source, std::uint64_t up_to) {
  const Annotations& known = source.annotations();
  for (; keys_ < known.tls_keys.size() && known.tls_keys[keys_].packets_before < up_to; ++keys_) {
    secrets(known.tls_keys[keys_].log.view());
  }
  for (; comments_read_ < known.comments.size(); ++comments_read_) {
    const Annotations::Comment& each = known.comments[comments_read_];
    if (each.packet == 0) continue;
    kept_[each.packet].push_back(each.text);
  }
}

void PcapngReport::packet(const Packet& packet, const Source& source) {
  if (output_->failure()) return;
  if (!begun_) begin(source);
  describe_interfaces(source);
  keep_annotations(source, packet.number);
  const auto time = static_cast<std::uint64_t>(packet.time.time_since_epoch().count());
  Block block;
  put(block.body, packet.interface);
  put(block.body, static_cast<std::uint32_t>(time >> 32));
  put(block.body, static_cast<std::uint32_t>(time));
  put(block.body, static_cast<std::uint32_t>(packet.bytes.size()));
  put(block.body, packet.original_length);
  block.body += as_text(packet.bytes);
  pad(block.body);
  for (auto* comments : {&kept_, &comments_}) {
    const auto found = comments->find(packet.number);
    if (found == comments->end()) continue;
    for (const std::string& comment : found->second) block.option(kComment, comment);
    comments->erase(found);
  }
  block.append_to(text_, kEnhancedPacket);
  if (text_.size() >= kPiece) hand_on();
}

void PcapngReport::hand_on() {
  output_->write(text_);
  text_.clear();
}

void PcapngReport::finish() {
  if (!begun_) {  // no packets: a section with nothing in it
    Block section;
    put(section.body, kByteOrderMagic);
    put(section.body, std::uint16_t{1});
    put(section.body, std::uint16_t{0});
    put(section.body, std::int64_t{-1});
    section.append_to(text_, kSection);
  }
  hand_on();
  output_->finish();
}

}  // namespace wirelens
