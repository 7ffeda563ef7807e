// sse/records.h - what the dissector tells.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "event/event.h"

namespace wirelens::sse {

struct EventSeen {
  static constexpr std::string_view kName = "sse_event";
  static constexpr std::string_view kCounted = "server-sent events";
  static constexpr std::string_view kAbout =
      "One server-sent event, written when its blank line came; `ts` is its first byte.";

  std::optional<std::uint64_t> stream;
  std::string_view event;
  std::optional<std::string_view> id;
  std::optional<std::uint64_t> retry;
  std::uint64_t data_bytes = 0;
  std::optional<std::string_view> preview;
  std::uint64_t packet = 0;
  bool complete = true;

  static constexpr auto fields() {
    return std::tuple(
        field("stream", &EventSeen::stream, "stream of HTTP/2 or HTTP/3"),
        field("event", &EventSeen::event, "its type; message if it names none"),
        field("id", &EventSeen::id, "the id that it sets"),
        field("retry", &EventSeen::retry, "the reconnection time that it sets, milliseconds"),
        field("data_bytes", &EventSeen::data_bytes, "its data lines, joined by a line feed each"),
        field("preview", &EventSeen::preview, "their first 64 characters, without secrets"),
        field("packet", &EventSeen::packet, "packet of its first byte"),
        field("complete", &EventSeen::complete, "all of it was seen"));
  }
};

struct Stream {
  static constexpr std::string_view kName = "sse";
  static constexpr std::string_view kAbout =
      "One stream of server-sent events, written at its end; `ts` is the head of the response.";

  std::optional<std::uint64_t> stream;
  std::optional<std::string_view> host;
  std::optional<std::string_view> path;
  std::uint64_t events = 0;
  std::uint64_t heartbeats = 0;
  std::uint64_t data_bytes = 0;
  std::optional<Duration> first_event_time;
  std::optional<Duration> longest_gap;
  std::optional<Duration> longest_silence;
  std::optional<std::string_view> last_event_id;
  std::optional<std::uint64_t> retry;
  bool reconnect = false;
  std::optional<std::string_view> resumed_from;
  std::optional<bool> unfinished;
  std::uint64_t missing_bytes = 0;
  Duration duration{};
  bool complete = false;

  static constexpr auto fields() {
    return std::tuple(
        field("stream", &Stream::stream, "stream of HTTP/2 or HTTP/3"),
        field("host", &Stream::host, "authority of the request"),
        field("path", &Stream::path, "request target"), field("events", &Stream::events, "events"),
        field("heartbeats", &Stream::heartbeats, "comment lines"),
        field("data_bytes", &Stream::data_bytes, "data of all events"),
        field("first_event_time", &Stream::first_event_time,
              "seconds from the response's head to the end of the first event"),
        field("longest_gap", &Stream::longest_gap, "longest time between two events, seconds"),
        field("longest_silence", &Stream::longest_silence,
              "longest time without any line, heartbeats included, seconds; also before the first "
              "event and behind the last"),
        field("last_event_id", &Stream::last_event_id,
              "what the client would ask to resume from; absent if no event has an id"),
        field("retry", &Stream::retry, "the reconnection time last set, milliseconds"),
        field("reconnect", &Stream::reconnect, "the request has a Last-Event-ID"),
        field("resumed_from", &Stream::resumed_from, "that id"),
        field("unfinished", &Stream::unfinished,
              "true: it ended inside of an event, which the client discards"),
        field("missing_bytes", &Stream::missing_bytes, "content that the capture lacks"),
        field("duration", &Stream::duration, "head to end, seconds"),
        field("complete", &Stream::complete, "seen to its end, and nothing of it is missing"));
  }
};

}  // namespace wirelens::sse
