// http2/records.h - the records that only HTTP/2 has: `http2` sums a connection up, `grpc` tells of
// a call.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "event/event.h"
#include "event/records.h"

namespace wirelens::http2 {

/// Frames of each type; those that did not come are absent.
struct FrameCounts {
  std::optional<std::uint64_t> data;
  std::optional<std::uint64_t> headers;
  std::optional<std::uint64_t> priority;
  std::optional<std::uint64_t> rst_stream;
  std::optional<std::uint64_t> settings;
  std::optional<std::uint64_t> push_promise;
  std::optional<std::uint64_t> ping;
  std::optional<std::uint64_t> goaway;
  std::optional<std::uint64_t> window_update;
  std::optional<std::uint64_t> continuation;
  std::optional<std::uint64_t> altsvc;
  std::optional<std::uint64_t> origin;
  std::optional<std::uint64_t> priority_update;
  std::optional<std::uint64_t> unknown;

  static constexpr auto fields() {
    return std::tuple(
        field("data", &FrameCounts::data, "DATA"),
        field("headers", &FrameCounts::headers, "HEADERS"),
        field("priority", &FrameCounts::priority, "PRIORITY"),
        field("rst_stream", &FrameCounts::rst_stream, "RST_STREAM"),
        field("settings", &FrameCounts::settings, "SETTINGS, acknowledgements included"),
        field("push_promise", &FrameCounts::push_promise, "PUSH_PROMISE"),
        field("ping", &FrameCounts::ping, "PING, acknowledgements included"),
        field("goaway", &FrameCounts::goaway, "GOAWAY"),
        field("window_update", &FrameCounts::window_update, "WINDOW_UPDATE"),
        field("continuation", &FrameCounts::continuation, "CONTINUATION"),
        field("altsvc", &FrameCounts::altsvc, "ALTSVC (RFC 7838)"),
        field("origin", &FrameCounts::origin, "ORIGIN (RFC 8336)"),
        field("priority_update", &FrameCounts::priority_update, "PRIORITY_UPDATE (RFC 9218)"),
        field("unknown", &FrameCounts::unknown, "of types that nobody knows"));
  }
};

/// The values last announced; absent: never announced, so the default holds.
struct Settings {
  std::optional<std::uint32_t> header_table_size;
  std::optional<std::uint32_t> enable_push;
  std::optional<std::uint32_t> max_concurrent_streams;
  std::optional<std::uint32_t> initial_window_size;
  std::optional<std::uint32_t> max_frame_size;
  std::optional<std::uint32_t> max_header_list_size;
  std::optional<std::uint32_t> enable_connect_protocol;
  std::optional<std::uint32_t> no_rfc7540_priorities;

  static constexpr auto fields() {
    return std::tuple(
        field("header_table_size", &Settings::header_table_size, "bytes of the HPACK table"),
        field("enable_push", &Settings::enable_push, "1: may be pushed to"),
        field("max_concurrent_streams", &Settings::max_concurrent_streams,
              "streams that the other end may have open"),
        field("initial_window_size", &Settings::initial_window_size,
              "bytes of a stream's window at its beginning"),
        field("max_frame_size", &Settings::max_frame_size, "bytes of the longest payload"),
        field("max_header_list_size", &Settings::max_header_list_size,
              "bytes of a field section, decoded"),
        field("enable_connect_protocol", &Settings::enable_connect_protocol,
              "1: extended CONNECT (RFC 8441)"),
        field("no_rfc7540_priorities", &Settings::no_rfc7540_priorities,
              "1: no priorities of RFC 7540 (RFC 9218)"));
  }
};

/// Time without permission to send what there was to send.
struct FlowControlStalls {
  std::uint64_t count = 0;
  Duration time{};
  Duration longest{};

  static constexpr auto fields() {
    return std::tuple(
        field("count", &FlowControlStalls::count, "times that the window was at zero"),
        field("time", &FlowControlStalls::time, "seconds in all"),
        field("longest", &FlowControlStalls::longest, "seconds of the longest"));
  }
};

/// Head-of-line blocking by TCP: what lay complete behind a hole of the stream until it filled.
struct HeadOfLine {
  std::uint64_t holes = 0;
  std::uint64_t bytes = 0;
  Duration time{};
  Duration longest{};
  std::uint64_t streams = 0;
  Duration stream_time{};

  static constexpr auto fields() {
    return std::tuple(
        field("holes", &HeadOfLine::holes, "holes that filled late, with bytes behind them"),
        field("bytes", &HeadOfLine::bytes, "bytes that waited behind them"),
        field("time", &HeadOfLine::time, "seconds from the first byte behind each to its filling"),
        field("longest", &HeadOfLine::longest, "the longest of those"),
        field("streams", &HeadOfLine::streams,
              "streams that waited for bytes of others, once a hole"),
        field("stream_time", &HeadOfLine::stream_time,
              "seconds that those streams waited, summed"));
  }
};

/// One hole behind which streams waited that it held nothing of.
struct BlockedStreams {
  std::uint64_t packet = 0;
  Direction from{};
  Duration time{};
  std::uint64_t bytes = 0;
  std::span<const std::uint32_t> lost;
  std::span<const std::uint32_t> waiting;

  static constexpr auto fields() {
    return std::tuple(
        field("packet", &BlockedStreams::packet, "the packet that filled the hole"),
        field("from", &BlockedStreams::from, "who sent it"),
        field("time", &BlockedStreams::time, "seconds that the first byte waited"),
        field("bytes", &BlockedStreams::bytes, "bytes that waited"),
        field("lost", &BlockedStreams::lost,
              "streams whose bytes were in the hole, at most 16; 0: the connection"),
        field("waiting", &BlockedStreams::waiting, "streams that waited for them, at most 64"));
  }
};

/// What one end did.
struct EndSummary {
  FrameCounts frames;
  std::uint64_t data_bytes = 0;
  std::uint64_t field_section_bytes = 0;
  std::uint64_t field_bytes = 0;
  std::optional<Settings> settings;
  std::optional<bool> settings_acknowledged;
  std::optional<Duration> ping_rtt;
  std::uint64_t resets = 0;
  std::optional<std::span<const std::pair<std::string_view, std::uint64_t>>> reset_codes;
  std::optional<FlowControlStalls> connection_stalls;
  std::optional<FlowControlStalls> stream_stalls;
  std::optional<HeadOfLine> head_of_line;
  std::optional<std::uint64_t> unknown_fields;
  std::optional<std::uint64_t> lost_field_sections;

  static constexpr auto fields() {
    return std::tuple(
        field("frames", &EndSummary::frames, "frames that it sent, by type"),
        field("data_bytes", &EndSummary::data_bytes, "payload of its DATA frames, with padding"),
        field("field_section_bytes", &EndSummary::field_section_bytes,
              "its field sections as sent, compressed by HPACK"),
        field("field_bytes", &EndSummary::field_bytes, "names and values in them"),
        field("settings", &EndSummary::settings, "what it announced"),
        field("settings_acknowledged", &EndSummary::settings_acknowledged,
              "the other end acknowledged all of its SETTINGS"),
        field("ping_rtt", &EndSummary::ping_rtt,
              "shortest time from a PING that it sent to the acknowledgement, seconds"),
        field("resets", &EndSummary::resets, "streams that it reset"),
        field("reset_codes", &EndSummary::reset_codes, "error codes of those"),
        field("connection_stalls", &EndSummary::connection_stalls,
              "its window of the connection was used up"),
        field("stream_stalls", &EndSummary::stream_stalls, "its windows of streams were used up"),
        field("head_of_line", &EndSummary::head_of_line,
              "what it sent waited behind holes in the TCP stream"),
        field("unknown_fields", &EndSummary::unknown_fields,
              "fields whose HPACK entry was sent before the capture began, or lost"),
        field("lost_field_sections", &EndSummary::lost_field_sections,
              "field sections that were incomplete, too long or could not be decoded"));
  }
};

struct Goaway {
  Direction from{};
  std::string_view error;
  std::uint32_t code = 0;
  std::uint32_t last_stream = 0;
  std::optional<std::string_view> debug;
  std::uint64_t packet = 0;

  static constexpr auto fields() {
    return std::tuple(
        field("from", &Goaway::from, "who sent it"),
        field("error", &Goaway::error, "name of the error code"),
        field("code", &Goaway::code, "error code"),
        field("last_stream", &Goaway::last_stream, "highest stream that was or may be acted on"),
        field("debug", &Goaway::debug, "additional debug data, at most 128 bytes"),
        field("packet", &Goaway::packet, "its packet"));
  }
};

struct ConnectionSummary {
  static constexpr std::string_view kName = "http2";
  static constexpr std::string_view kAbout =
      "One HTTP/2 connection, when it has ended; `ts` is its first frame.";

  std::string_view begun;
  std::uint64_t streams = 0;
  std::optional<std::uint64_t> pushed;
  std::uint64_t largest_concurrent = 0;
  std::optional<std::uint64_t> unfinished;
  std::optional<std::uint64_t> ends_missed;
  std::optional<std::uint64_t> dropped_streams;
  EndSummary client;
  EndSummary server;
  std::optional<std::span<const Goaway>> goaway;
  std::optional<std::span<const BlockedStreams>> blocked;

  static constexpr auto fields() {
    return std::tuple(
        field("begun", &ConnectionSummary::begun,
              "prior_knowledge, upgrade, alpn, or before_capture"),
        field("streams", &ConnectionSummary::streams, "streams that carried messages"),
        field("pushed", &ConnectionSummary::pushed, "those that the server promised"),
        field("largest_concurrent", &ConnectionSummary::largest_concurrent,
              "most streams open at once"),
        field("unfinished", &ConnectionSummary::unfinished, "streams still open at its end"),
        field("ends_missed", &ConnectionSummary::ends_missed,
              "streams that ended in bytes that the capture lacks, as others tell: the response "
              "had ended, the limit of open streams, or silence"),
        field("dropped_streams", &ConnectionSummary::dropped_streams,
              "streams forgotten early, because too many were open"),
        field("client", &ConnectionSummary::client, "what the client sent"),
        field("server", &ConnectionSummary::server, "what the server sent"),
        field("goaway", &ConnectionSummary::goaway, "GOAWAY frames, the first four"),
        field("blocked", &ConnectionSummary::blocked,
              "holes in the TCP stream for which streams waited that lost nothing; the first 20"));
  }
};

/// A gRPC call (gRPC over HTTP/2): an exchange whose content type says so.
struct GrpcCall {
  static constexpr std::string_view kName = "grpc";
  static constexpr std::string_view kAbout =
      "One gRPC call, written behind its `http` record; `ts` is the request's first byte.";

  std::uint64_t stream = 0;
  std::optional<std::string_view> service;
  std::optional<std::string_view> method;
  std::optional<std::uint32_t> status;
  std::optional<std::string_view> status_name;
  std::optional<std::string_view> message;
  std::optional<std::uint64_t> request_messages;
  std::optional<std::uint64_t> response_messages;
  std::optional<std::uint64_t> compressed_messages;
  std::optional<Duration> duration;

  static constexpr auto fields() {
    return std::tuple(
        field("stream", &GrpcCall::stream, "stream of HTTP/2"),
        field("service", &GrpcCall::service, "full name of the service"),
        field("method", &GrpcCall::method, "method of the service"),
        field("status", &GrpcCall::status, "grpc-status; absent if the call did not come to it"),
        field("status_name", &GrpcCall::status_name, "its name"),
        field("message", &GrpcCall::message, "grpc-message as sent, percent-encoded"),
        field("request_messages", &GrpcCall::request_messages,
              "messages of the client; absent if some may have been missed"),
        field("response_messages", &GrpcCall::response_messages, "messages of the server"),
        field("compressed_messages", &GrpcCall::compressed_messages,
              "messages of both that are compressed"),
        field("duration", &GrpcCall::duration,
              "from the request's first byte to the response's last, seconds"));
  }
};

}  // namespace wirelens::http2
