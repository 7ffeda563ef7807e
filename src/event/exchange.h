// event/exchange.h - the `http` record: one request and its response, whatever carried them.
//
// HTTP/1, HTTP/2 and HTTP/3 all end in this record, so every report treats them alike.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "event/event.h"

namespace wirelens {

/// A header field as sent; names keep their case. Sensitive values are redacted before they get
/// here unless the user asked for secrets.
using HeaderField = std::pair<std::string_view, std::string_view>;

/// HAR 1.2 timings, in seconds. `connect` is absent on a reused connection; `tls` lies inside it.
struct ExchangeTiming {
  std::optional<Duration> blocked;
  std::optional<Duration> dns;
  std::optional<Duration> connect;
  std::optional<Duration> tls;
  std::optional<Duration> send;
  std::optional<Duration> wait;
  std::optional<Duration> receive;

  static constexpr auto fields() {
    return std::tuple(
        field("blocked", &ExchangeTiming::blocked,
              "seconds queued behind other exchanges of the connection"),
        field("dns", &ExchangeTiming::dns, "seconds of name resolution"),
        field("connect", &ExchangeTiming::connect, "seconds to open the connection, TLS included"),
        field("tls", &ExchangeTiming::tls, "seconds of the TLS handshake, a part of connect"),
        field("send", &ExchangeTiming::send, "seconds from the request's first byte to its last"),
        field("wait", &ExchangeTiming::wait,
              "seconds from the request's last byte to the response's first"),
        field("receive", &ExchangeTiming::receive,
              "seconds from the response's first byte to its last"));
  }
};

struct Exchange {
  static constexpr std::string_view kName = "http";
  static constexpr std::string_view kAbout =
      "One HTTP request and its response; `ts` is the request's first byte.";

  std::optional<std::string_view> version;
  std::optional<std::uint64_t> stream;
  std::optional<std::string_view> method;
  std::optional<std::string_view> scheme;
  std::optional<std::string_view> host;
  std::optional<std::string_view> path;
  std::optional<std::uint16_t> status;
  std::optional<std::string_view> reason;
  std::optional<std::span<const HeaderField>> request_headers;
  std::optional<std::span<const HeaderField>> response_headers;
  std::optional<std::uint64_t> request_body_bytes;
  std::optional<std::uint64_t> request_body_wire_bytes;
  std::optional<std::uint64_t> response_body_bytes;
  std::optional<std::uint64_t> response_body_wire_bytes;
  std::optional<std::string_view> content_type;
  std::optional<std::string_view> content_encoding;
  std::optional<std::uint64_t> request_packet;
  std::optional<std::uint64_t> response_packet;
  ExchangeTiming timing;
  bool reused = false;
  std::optional<bool> pushed;
  bool complete = false;
  std::optional<std::uint64_t> unknown_headers;
  std::optional<std::string_view> reset;
  std::optional<std::string_view> reset_by;
  std::optional<std::string_view> request_body;
  std::optional<std::string_view> response_body;

  static constexpr auto fields() {
    return std::tuple(
        field("version", &Exchange::version, "0.9, 1.0, 1.1, 2 or 3"),
        field("stream", &Exchange::stream, "stream of HTTP/2 or HTTP/3"),
        field("method", &Exchange::method, "request method; absent if the request was not seen"),
        field("scheme", &Exchange::scheme, "http or https"),
        field("host", &Exchange::host, "authority: Host field or absolute target"),
        field("path", &Exchange::path, "request target as sent, without scheme and authority"),
        field("status", &Exchange::status, "final status; absent if no response was seen"),
        field("reason", &Exchange::reason, "reason phrase"),
        field("request_headers", &Exchange::request_headers, "request fields in order"),
        field("response_headers", &Exchange::response_headers, "response fields in order"),
        field("request_body_bytes", &Exchange::request_body_bytes, "request content, decoded"),
        field("request_body_wire_bytes", &Exchange::request_body_wire_bytes,
              "request content as sent"),
        field("response_body_bytes", &Exchange::response_body_bytes, "response content, decoded"),
        field("response_body_wire_bytes", &Exchange::response_body_wire_bytes,
              "response content as sent, after dechunking"),
        field("content_type", &Exchange::content_type, "Content-Type of the response"),
        field("content_encoding", &Exchange::content_encoding, "Content-Encoding of the response"),
        field("request_packet", &Exchange::request_packet, "packet of the request's first byte"),
        field("response_packet", &Exchange::response_packet, "packet of the response's first byte"),
        field("timing", &Exchange::timing, "where the time went, as HAR 1.2 defines it"),
        field("reused", &Exchange::reused, "not the first exchange of its connection"),
        field("pushed", &Exchange::pushed, "promised by the server"),
        field("complete", &Exchange::complete, "both messages were seen to their ends"),
        field("unknown_headers", &Exchange::unknown_headers,
              "fields whose HPACK or QPACK entry was sent before the capture began"),
        field("reset", &Exchange::reset, "name of the error that ended its stream early"),
        field("reset_by", &Exchange::reset_by, "who ended its stream early: client or server"),
        field("request_body", &Exchange::request_body,
              "first bytes of the request content, with --bodies"),
        field("response_body", &Exchange::response_body,
              "first bytes of the response content, with --bodies"));
  }
};

/// A request, when its head has been seen: an exchange that has not ended shows up by this.
struct RequestSeen {
  static constexpr std::string_view kName = "http_request";
  static constexpr std::string_view kAbout =
      "An HTTP request, written when its head was seen; its `http` record follows when it ends.";

  std::optional<std::string_view> version;
  std::optional<std::uint64_t> stream;
  std::string_view method;
  std::optional<std::string_view> host;
  std::string_view path;
  std::uint64_t packet = 0;

  static constexpr auto fields() {
    return std::tuple(field("version", &RequestSeen::version, "as in `http`; absent if malformed"),
                      field("stream", &RequestSeen::stream, "stream of HTTP/2 or HTTP/3"),
                      field("method", &RequestSeen::method, "request method"),
                      field("host", &RequestSeen::host, "authority: Host field or absolute target"),
                      field("path", &RequestSeen::path, "request target as sent"),
                      field("packet", &RequestSeen::packet, "packet of its first byte"));
  }
};

}  // namespace wirelens
