// event/timeline.h - the `timeline` record: what a run saw, over time.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "event/event.h"

namespace wirelens {

/// Written before `capture_end` if a report asks for it. All lists are of one length.
struct TimelineRecord {
  static constexpr std::string_view kName = "timeline";
  static constexpr std::string_view kAbout = "Traffic over time, in steps of one length.";

  Duration step{};
  std::span<const std::uint64_t> packets;
  std::span<const std::uint64_t> bytes;
  std::span<const std::uint64_t> opened;
  std::span<const std::uint64_t> resent;
  std::span<const std::uint64_t> resets;

  static constexpr auto fields() {
    return std::tuple(field("step", &TimelineRecord::step, "seconds; the first begins at ts"),
                      field("packets", &TimelineRecord::packets, "packets of each step"),
                      field("bytes", &TimelineRecord::bytes, "bytes on the wire"),
                      field("opened", &TimelineRecord::opened, "connections that began"),
                      field("resent", &TimelineRecord::resent, "TCP segments sent again"),
                      field("resets", &TimelineRecord::resets, "TCP resets"));
  }
};

}  // namespace wirelens
