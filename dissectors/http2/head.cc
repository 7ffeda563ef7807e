// http2/head.cc - reading and keeping field sections.
#include "http2/head.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/work.h"
#include "common/http_text.h"

namespace wirelens::http2 {
namespace {

/// Two views that are lent together: what one field says.
using Place = std::optional<std::string_view> Section::*;

struct Known {
  std::string_view name;
  Place place;
};
constexpr std::array<Known, 5> kRequestPseudo = {{{":method", &Section::method},
                                                  {":scheme", &Section::scheme},
                                                  {":authority", &Section::authority},
                                                  {":path", &Section::path},
                                                  {":protocol", &Section::protocol}}};
constexpr std::array<Known, 4> kFields = {{{"content-type", &Section::content_type},
                                           {"content-encoding", &Section::content_encoding},
                                           {"grpc-status", &Section::grpc_status},
                                           {"grpc-message", &Section::grpc_message}}};
constexpr std::array<std::string_view, 5> kConnectionFields = {
    "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"};

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What a name must not have, by its characters.
constexpr std::uint8_t kNoToken = 1, kUpper = 2;
constexpr auto kNameFaults = [] {
  std::array<std::uint8_t, 256> faults{};
  for (std::size_t c = 0; c < faults.size(); ++c) {
    if (!http::is_token(static_cast<char>(c))) faults[c] |= kNoToken;
    if (c >= 'A' && c <= 'Z') faults[c] |= kUpper;
  }
  return faults;
}();

/// Characters of section 8.2.1. Nearly all are good, so each is looked at without asking.
void check_text(std::string_view name, std::string_view value, Faults& faults) {
  const std::string_view body = name.starts_with(':') ? name.substr(1) : name;
  unsigned found = body.empty() ? kNoToken : 0;
  for (const char c : body) found |= kNameFaults[static_cast<std::uint8_t>(c)];
  if ((found & kNoToken) != 0) faults.add(Fault::bad_name);
  if ((found & kUpper) != 0) faults.add(Fault::upper_case_name);
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  unsigned bad = !value.empty() && (blank(value.front()) || blank(value.back())) ? 1 : 0;
  for (const char c : value) bad |= unsigned{c == '\0'} | unsigned{c == '\r'} | unsigned{c == '\n'};
  if (bad != 0) faults.add(Fault::bad_value);
}

/// Whether a name can be one of those that read_field() knows: by its length and its first letter.
constexpr bool may_mean_something(std::string_view name) {
  constexpr std::uint32_t kLengths =
      1u << 2 | 1u << 4 | 1u << 7 | 1u << 10 | 1u << 11 | 1u << 12 | 1u << 14 | 1u << 16 | 1u << 17;
  return name.size() <= 17 && (kLengths >> name.size() & 1) != 0 &&
         std::string_view("cghkptu").find(name.front()) != std::string_view::npos;
}
static_assert(std::all_of(kFields.begin(), kFields.end(),
                          [](const Known& each) { return may_mean_something(each.name); }) &&
              std::all_of(kConnectionFields.begin(), kConnectionFields.end(), may_mean_something) &&
              may_mean_something("host") && may_mean_something("te") &&
              may_mean_something("content-length"));

void read_status(std::string_view value, Section& section) {
  const auto status = value.size() == 3 ? number<std::uint16_t>(value) : std::nullopt;
  if (status && *status >= 100) {
    section.status = status;
  } else {
    section.faults.add(Fault::bad_status);
  }
}

void read_pseudo(std::string_view name, std::string_view value, Kind kind, Section& section) {
  if (kind == Kind::trailers) return section.faults.add(Fault::pseudo_in_trailers);
  if (kind == Kind::response) {
    if (name != ":status") return section.faults.add(Fault::unknown_pseudo);
    if (section.status) section.faults.add(Fault::repeated_pseudo);
    return read_status(value, section);
  }
  const auto known = std::find_if(kRequestPseudo.begin(), kRequestPseudo.end(),
                                  [&](const Known& each) { return each.name == name; });
  if (known == kRequestPseudo.end()) return section.faults.add(Fault::unknown_pseudo);
  if (section.*known->place) section.faults.add(Fault::repeated_pseudo);
  section.*known->place = value;
}

void read_field(std::string_view name, std::string_view value, Section& section) {
  if (!may_mean_something(name)) return;
  for (const Known& each : kFields) {
    if (name == each.name && !(section.*each.place)) section.*each.place = value;
  }
  if (name == "host" && !section.authority) section.authority = value;
  if (name == "content-length") {
    const auto length = number<std::uint64_t>(value);
    if (!length || (section.content_length && section.content_length != length)) {
      section.faults.add(Fault::bad_length);
    }
    section.content_length = length;
  }
  if (name == "te" && value != "trailers") section.faults.add(Fault::bad_te);
  if (std::find(kConnectionFields.begin(), kConnectionFields.end(), name) !=
      kConnectionFields.end()) {
    section.faults.add(Fault::connection_field);
  }
}

void check_presence(const FieldList& list, Kind kind, Section& section) {
  if (list.unknown_fields() > 0 || list.dropped() > 0) return;
  if (kind == Kind::response) {
    if (!section.status && !section.faults.has(Fault::bad_status)) {
      section.faults.add(Fault::missing_pseudo);
    }
    return;
  }
  if (kind != Kind::request) return;
  const bool connects = section.method == "CONNECT" && !section.protocol;
  const bool whole =
      section.method && (connects ? section.authority.has_value() : section.scheme && section.path);
  if (!whole) section.faults.add(Fault::missing_pseudo);
}

bool has_own_place(std::string_view name) {
  return name == ":status" ||
         std::any_of(kRequestPseudo.begin(), kRequestPseudo.end(),
                     [&](const Known& each) { return each.name == name && name != ":protocol"; });
}

}  // namespace

std::string_view name_of(Fault fault) {
  static constexpr std::array<std::string_view, kFaults> kNames = {
      "upper-case letter in a field name",
      "field name is no token",
      "forbidden character in a field value",
      "pseudo-header field behind other fields",
      "pseudo-header field that is not defined here",
      "pseudo-header field twice",
      "pseudo-header field missing",
      "pseudo-header field in trailers",
      "field of the connection",
      "te is not trailers",
      "status is not a number of three digits",
      "content-length is not one number",
  };
  return kNames[static_cast<std::size_t>(fault)];
}

FieldList::FieldList(std::size_t sent, std::pmr::memory_resource& scratch)
    : scratch_(scratch),
      most_(std::min(kMaxFieldBytes, kFreeFieldBytes + kMaxRatio * sent)),
      fields_(&scratch) {
  fields_.reserve(32);
}

std::string_view FieldList::keep(std::string_view text) {
  if (text.empty()) return {};
  auto* copy = static_cast<char*>(scratch_.allocate(text.size(), 1));
  text.copy(copy, text.size());
  return {copy, text.size()};
}

void FieldList::field(std::string_view name, std::string_view value) {
  work();
  bytes_ += name.size() + value.size();
  if (fields_.size() == kMaxFields || bytes_ > most_) {
    ++dropped_;
    return;
  }
  work(name.size() + value.size());
  const std::string_view kept = keep(name);
  fields_.emplace_back(kept, keep(value));
}

Section read_section(const FieldList& list, Kind kind) {
  Section section;
  bool begun = false;
  for (const auto& [name, value] : list.fields()) {
    check_text(name, value, section.faults);
    if (name.starts_with(':')) {
      if (begun) section.faults.add(Fault::pseudo_behind_field);
      read_pseudo(name, value, kind, section);
    } else {
      begun = true;
      read_field(name, value, section);
    }
  }
  check_presence(list, kind, section);
  return section;
}

Head::~Head() {
  clear();
}

void Head::clear() {
  if (block_) memory_.deallocate(block_, size_, alignof(HeaderField));
  block_ = nullptr;
  size_ = 0;
  fields_ = {};
  section_ = {};
}

namespace {

/// Text after text in a block that is large enough.
class Text {
 public:
  explicit Text(std::byte* at) : at_(reinterpret_cast<char*>(at)) {}
  std::string_view add(std::string_view text) {
    text.copy(at_, text.size());
    const std::string_view copy(at_, text.size());
    at_ += text.size();
    return copy;
  }

 private:
  char* at_;
};

/// The members of a Section that are texts, but for the path.
constexpr std::array<Place, 8> kTexts = {&Section::method,       &Section::scheme,
                                         &Section::authority,    &Section::protocol,
                                         &Section::content_type, &Section::content_encoding,
                                         &Section::grpc_status,  &Section::grpc_message};

}  // namespace

void Head::keep(const FieldList& list, const Section& section, bool show_secrets) {
  clear();
  std::array<std::byte, 2048> room;
  std::pmr::monotonic_buffer_resource scratch(room.data(), room.size(), &memory_);
  http::RedactedTexts texts(scratch);
  std::pmr::vector<HeaderField> shown(&scratch);
  shown.reserve(list.fields().size());
  std::size_t size = 0;
  for (const auto& [name, value] : list.fields()) {
    if (has_own_place(name)) continue;
    shown.emplace_back(name, show_secrets ? value : texts.field(name, value));
    size += name.size() + shown.back().second.size();
  }
  section_ = section;
  if (section_.path && !show_secrets) section_.path = texts.uri(*section_.path);
  size += section_.path.value_or(std::string_view()).size();
  for (const Place place : kTexts) size += (section.*place).value_or(std::string_view()).size();

  size_ = shown.size() * sizeof(HeaderField) + size;
  block_ = static_cast<std::byte*>(memory_.allocate(size_, alignof(HeaderField)));
  auto* fields = reinterpret_cast<HeaderField*>(block_);
  Text text(block_ + shown.size() * sizeof(HeaderField));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const std::string_view name = text.add(shown[i].first);
    new (fields + i) HeaderField(name, text.add(shown[i].second));
  }
  fields_ = {fields, shown.size()};
  if (section_.path) section_.path = text.add(*section_.path);
  for (const Place place : kTexts) {
    if (section_.*place) section_.*place = text.add(*(section_.*place));
  }
  unknown_ = list.unknown_fields();
  kept_ = true;
}

}  // namespace wirelens::http2
