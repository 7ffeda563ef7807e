// socketio/packet.cc - digits in front, JSON behind.
#include "socketio/packet.h"

#include <algorithm>
#include <limits>

#include "common/http_text.h"
#include "socketio/escapes.h"

namespace wirelens::socketio {
namespace {

/// Takes a number off the front of `text`; nothing if there is none or it is too large.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t value = 0;
  std::size_t digits = 0;
  while (digits < text.size() && http::is_digit(text[digits])) {
    if (digits == 18) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(text[digits++] - '0');
  }
  if (digits == 0) return std::nullopt;
  text.remove_prefix(digits);
  return value;
}

/// Length of a JSON text at the front of `json`, which begins with its quote; quotes included. All
/// of it if the text does not end.
std::size_t text_length(std::string_view json) {
  std::size_t at = 1;
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2u : 1u;
  return std::min(at + 1, json.size());
}

void skip_space(std::string_view& json) {
  while (!json.empty() &&
         std::string_view(" \t\r\n").find(json.front()) != std::string_view::npos) {
    json.remove_prefix(1);
  }
}

/// Length of the value at the front of `json`: up to the comma or bracket that ends it.
std::size_t value_length(std::string_view json) {
  int depth = 0;
  for (std::size_t at = 0; at < json.size();) {
    const char c = json[at];
    if (c == '"') {
      at += text_length(json.substr(at));
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}' || c == ']')) return at;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return json.size();
}

/// Calls see(name, value) for each member of a JSON object; texts with their quotes.
template <class See>
void each_member(std::string_view json, See see) {
  skip_space(json);
  if (!json.starts_with('{')) return;
  json.remove_prefix(1);
  for (;;) {
    skip_space(json);
    if (!json.starts_with('"')) return;
    const std::string_view name = json.substr(0, text_length(json));
    json.remove_prefix(name.size());
    skip_space(json);
    if (!json.starts_with(':')) return;
    json.remove_prefix(1);
    skip_space(json);
    const std::string_view value = json.substr(0, value_length(json));
    see(name, value);
    json.remove_prefix(value.size());
    if (!json.starts_with(',')) return;
    json.remove_prefix(1);
  }
}

std::optional<std::string_view> unquoted(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return std::nullopt;
  return value.substr(1, value.size() - 2);
}

}  // namespace

std::optional<EngineType> engine_type(char c) {
  if (c < '0' || c > '6') return std::nullopt;
  return static_cast<EngineType>(c - '0');
}

std::string_view name_of(SocketType type) {
  constexpr std::string_view kNames[] = {"connect",       "disconnect",   "event",     "ack",
                                         "connect_error", "binary_event", "binary_ack"};
  return kNames[static_cast<std::size_t>(type)];
}

std::optional<SocketPacket> parse_packet(std::string_view text) {
  if (text.empty() || text[0] < '0' || text[0] > '6') return std::nullopt;
  SocketPacket packet;
  packet.type = static_cast<SocketType>(text[0] - '0');
  text.remove_prefix(1);
  if (packet.type == SocketType::binary_event || packet.type == SocketType::binary_ack) {
    const auto attachments = take_number(text);
    if (!attachments || !text.starts_with('-')) return std::nullopt;
    packet.attachments = *attachments;
    text.remove_prefix(1);
  }
  packet.name_space = "/";
  if (text.starts_with('/')) {
    packet.name_space = http::cut(text, ',');
    packet.name_space = packet.name_space.substr(0, packet.name_space.find('?'));
  }
  if (!text.empty() && http::is_digit(text[0])) {
    packet.ack = take_number(text);
    if (!packet.ack) return std::nullopt;
  }
  packet.data = text;
  const bool lists =
      packet.type == SocketType::event || packet.type == SocketType::ack || packet.attachments > 0;
  if (lists && !text.starts_with('[')) return std::nullopt;
  return packet;
}

std::optional<std::string> first_text(std::string_view list) {
  if (!list.starts_with('[')) return std::nullopt;
  list.remove_prefix(1);
  skip_space(list);
  if (!list.starts_with('"')) return std::nullopt;
  const std::size_t length = text_length(list);
  std::string_view text = list.substr(1, length - (list[length - 1] == '"' && length > 1 ? 2 : 1));
  std::string name;
  while (!text.empty() && name.size() < kMaxName) {
    if (text.front() == '\\') {
      text.remove_prefix(1);
      if (!text.empty()) text.remove_prefix(unescape(text, name));
    } else {
      name.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return name;
}

Announcement parse_open(std::string_view json) {
  Announcement open;
  each_member(json, [&](std::string_view name, std::string_view value) {
    if (name == "\"sid\"") {
      open.sid = unquoted(value);
    } else if (name == "\"pingInterval\"") {
      open.ping_interval = take_number(value);
    } else if (name == "\"pingTimeout\"") {
      open.ping_timeout = take_number(value);
    } else if (name == "\"upgrades\"") {
      open.offers_websocket = value.find("\"websocket\"") != std::string_view::npos;
    }
  });
  return open;
}

std::optional<std::string_view> parameter(std::string_view target, std::string_view name) {
  const std::size_t question = target.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = target.substr(question + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    std::string_view value = http::cut(query, '&');
    if (http::cut(value, '=') == name) return value;
  }
  return std::nullopt;
}

}  // namespace wirelens::socketio
