// websocket/handshake.cc - the accept value, and Sec-WebSocket-Extensions with its parameters.
#include "websocket/handshake.h"

#include <openssl/evp.h>

#include <array>
#include <utility>

#include "common/http_text.h"

namespace wirelens::websocket {
namespace {

using http::cut;
using http::same_ignoring_case;
using http::trimmed;

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t kKeyLength = 24;  // sixteen bytes in base64

/// Every value of a field, one after the other.
template <class See>
void each_value(const std::optional<std::span<const HeaderField>>& fields, std::string_view name,
                See see) {
  if (!fields) return;
  for (const HeaderField& field : *fields) {
    if (same_ignoring_case(field.first, name)) see(trimmed(field.second));
  }
}

std::optional<std::string_view> first_value(
    const std::optional<std::span<const HeaderField>>& fields, std::string_view name) {
  std::optional<std::string_view> first;
  each_value(fields, name, [&](std::string_view value) {
    if (!first) first = value;
  });
  return first;
}

/// Whether `wanted` is the first word of an element of a list that the client offered.
bool offered(const Exchange& exchange, std::string_view field, std::string_view wanted) {
  bool found = false;
  each_value(exchange.request_headers, field, [&](std::string_view list) {
    while (!list.empty()) {
      std::string_view element = cut(list, ',');
      found = found || trimmed(cut(element, ';')) == wanted;
    }
  });
  return found;
}

/// Takes the text before the next `mark` outside of quotes off the front of `rest`.
std::string_view cut_outside_quotes(std::string_view& rest, char mark) {
  bool quoted = false;
  for (std::size_t at = 0; at < rest.size(); ++at) {
    if (rest[at] == '\\' && quoted) {
      ++at;
    } else if (rest[at] == '"') {
      quoted = !quoted;
    } else if (rest[at] == mark && !quoted) {
      const std::string_view head = rest.substr(0, at);
      rest.remove_prefix(at + 1);
      return head;
    }
  }
  return std::exchange(rest, std::string_view());
}

std::string_view without_quotes(std::string_view value) {
  if (value.size() < 2 || value.front() != '"' || value.back() != '"') return value;
  return value.substr(1, value.size() - 2);
}

}  // namespace

void accept_for(std::string_view key, char (&out)[28]) {
  std::array<unsigned char, kKeyLength + kGuid.size()> both{};
  key = key.substr(0, kKeyLength);
  key.copy(reinterpret_cast<char*>(both.data()), key.size());
  kGuid.copy(reinterpret_cast<char*>(both.data()) + key.size(), kGuid.size());
  std::array<unsigned char, 20> digest{};
  EVP_Digest(both.data(), key.size() + kGuid.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  std::array<unsigned char, 29> encoded{};
  EVP_EncodeBlock(encoded.data(), digest.data(), digest.size());
  for (std::size_t i = 0; i < 28; ++i) out[i] = static_cast<char>(encoded[i]);
}

void Handshake::read(const Exchange& exchange, Faults& faults) {
  const auto key = first_value(exchange.request_headers, "sec-websocket-key");
  const auto accept = first_value(exchange.response_headers, "sec-websocket-accept");
  const bool upgraded = exchange.status == 101;
  if (key && upgraded) {
    faults.bad_key = key->size() != kKeyLength;
    char expected[28];
    accept_for(*key, expected);
    faults.bad_accept =
        !faults.bad_key && accept.value_or(std::string_view()) != std::string_view(expected, 28);
  } else if (upgraded && exchange.request_headers) {
    faults.bad_key = true;
  }
  subprotocol_ = first_value(exchange.response_headers, "sec-websocket-protocol");
  if (subprotocol_ && exchange.request_headers) {
    faults.protocol = !offered(exchange, "sec-websocket-protocol", *subprotocol_);
  }
  parameters_.reserve(kMaxParameters);  // spans into it stay
  each_value(exchange.response_headers, "sec-websocket-extensions",
             [&](std::string_view list) { read_extensions(list); });
  if (extensions_.empty()) {
    parameters_.clear();
    parameters_.shrink_to_fit();
  }
  for (const Extension& each : extensions_) {
    agree(each);
    if (!exchange.request_headers) continue;
    faults.extension =
        faults.extension || !offered(exchange, "sec-websocket-extensions", each.name);
  }
}

void Handshake::read_extensions(std::string_view list) {
  while (!list.empty() && extensions_.size() < kMaxExtensions) {
    std::string_view rest = cut_outside_quotes(list, ',');
    Extension extension;
    extension.name = trimmed(cut_outside_quotes(rest, ';'));
    if (extension.name.empty()) continue;
    const std::size_t first = parameters_.size();
    while (!rest.empty() && parameters_.size() < kMaxParameters) {
      std::string_view value = cut_outside_quotes(rest, ';');
      const bool valued = value.find('=') != std::string_view::npos;
      Parameter parameter;
      parameter.name = trimmed(cut(value, '='));
      if (valued) parameter.value = without_quotes(trimmed(value));
      if (!parameter.name.empty()) parameters_.push_back(parameter);
    }
    extension.parameters = {parameters_.data() + first, parameters_.size() - first};
    extensions_.push_back(extension);
  }
}

void Handshake::agree(const Extension& extension) {
  if (!same_ignoring_case(extension.name, "permessage-deflate")) {
    other_extensions_ = true;
    return;
  }
  for (Compression& side : compression_) side.agreed = true;
  for (const Parameter& each : extension.parameters) {
    const Direction whose = same_ignoring_case(each.name.substr(0, 7), "client_")
                                ? Direction::from_client
                                : Direction::from_server;
    Compression& side = compression_[index(whose)];
    if (http::ends_ignoring_case(each.name, "_no_context_takeover")) side.context_takeover = false;
    if (!http::ends_ignoring_case(each.name, "_max_window_bits") || !each.value) continue;
    int bits = 0;
    for (const char c : each.value->substr(0, 2)) bits = bits * 10 + (c - '0');
    if (bits >= 8 && bits <= 15) side.window_bits = bits;
  }
}

}  // namespace wirelens::websocket
