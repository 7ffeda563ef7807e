// engine/summary.cc - what was read, and what could not be.
#include "engine/summary.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "event/records.h"
#include "event/timeline.h"

namespace wirelens {
namespace {

using Count = CaptureEnd::Count;
using Unseen = CaptureEnd::Unseen;

std::vector<Count> malformed(const Worker& worker, const FlowTally& flows) {
  std::map<std::string_view, std::uint64_t> counts = flows.flaws;
  for (const DecodeCounts::Count& each : worker.decode_counts().flaws) {
    counts[each.flaw.name] += each.count;
  }
  std::vector<Count> list;
  for (const auto& [name, count] : counts) list.push_back({name, count});
  return list;
}

std::vector<Count> limits(std::span<const std::unique_ptr<Worker>> workers,
                          const FlowTally& flows) {
  std::vector<Count> list;
  const auto add = [&](std::string_view name, std::uint64_t count) {
    if (count > 0) list.push_back({name, count});
  };
  add("half_open_evicted", flows.half_open_evicted);
  add("closed_connections_evicted", flows.closed_evicted);
  add("connections_evicted", flows.evicted);
  add("connections_refused", flows.refused);
  std::uint64_t reassembly = 0;
  for (const auto& worker : workers) reassembly += worker->refused(Charge::reassembly);
  add("reassembly_refused", reassembly);
  add("fragments_dropped", workers.front()->decode_counts().fragments_dropped);
  return list;
}

std::vector<Unseen> unseen(const CaptureEnd& end, const Worker& worker, const FlowTally& flows) {
  std::vector<Unseen> list;
  const auto add = [&](std::string_view what, std::string_view doubt, std::uint64_t count) {
    if (count > 0) list.push_back({what, doubt, count});
  };
  add("packets that the kernel dropped", "every count; gaps may be the capture's",
      end.dropped.kernel.value_or(0));
  add("packets that the interface dropped", "every count; gaps may be the capture's",
      end.dropped.interface.value_or(0));
  add("payload of packets cut by the snapshot length", "messages and their sizes",
      end.truncated_packets);
  add("bytes that the capture lacks", "messages that they were part of", flows.missing_bytes);
  add("connections that began before the capture", "who opened them, negotiated options",
      flows.midstream);
  add("connections of which only one direction was captured", "outcome, round trips, responses",
      flows.one_sided);
  add("connections forgotten when memory ran short (--max-memory)",
      "their later packets count as new connections", flows.evicted + flows.half_open_evicted);
  add("packets of a link type that is not decoded", "whatever they carried",
      worker.decode_counts().unknown_link_types);
  return list;
}

CaptureEnd::Drops drops(const Source& source) {
  CaptureEnd::Drops total;
  for (const Interface& interface : source.interfaces()) {
    if (interface.dropped_by_kernel) {
      total.kernel = total.kernel.value_or(0) + *interface.dropped_by_kernel;
    }
    if (interface.dropped_by_interface) {
      total.interface = total.interface.value_or(0) + *interface.dropped_by_interface;
    }
  }
  return total;
}

/// What all workers counted over time, if they did.
void write_timeline(std::span<const std::unique_ptr<Worker>> workers, EventSink& sink) {
  if (workers.front()->timeline() == nullptr) return;
  Timeline all = *workers.front()->timeline();
  for (const auto& worker : workers.subspan(1)) all.join(*worker->timeline());
  std::array<std::vector<std::uint64_t>, 5> lists;
  for (const Timeline::Step& step : all.steps()) {
    const std::uint64_t counts[] = {step.packets, step.bytes, step.opened, step.resent,
                                    step.resets};
    for (std::size_t i = 0; i < lists.size(); ++i) lists[i].push_back(counts[i]);
  }
  const TimelineRecord record{all.step(), lists[0], lists[1], lists[2], lists[3], lists[4]};
  sink.write(Event(all.begin(), std::nullopt, record));
}

}  // namespace

void write_begin(const Source& source, const Packet* first, EventSink& sink) {
  CaptureBegin begin;
  const std::vector<std::string_view> files(source.names().begin(), source.names().end());
  std::span<const Interface> known = source.interfaces();
  if (first) known = known.first(std::min<std::size_t>(known.size(), first->interface + 1));

  std::vector<std::string> names;
  for (const Interface& interface : known) names.push_back(linktype_name(interface.linktype));
  std::vector<std::string_view> linktypes;
  std::vector<CaptureBegin::Interface> interfaces;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (std::find(linktypes.begin(), linktypes.end(), names[i]) == linktypes.end()) {
      linktypes.push_back(names[i]);
    }
    CaptureBegin::Interface entry;
    if (!known[i].name.empty()) entry.name = known[i].name;
    entry.linktype = names[i];
    entry.snaplen = known[i].snaplen;
    interfaces.push_back(entry);
    if (known[i].snaplen) {
      begin.snaplen = std::min(begin.snaplen.value_or(*known[i].snaplen), *known[i].snaplen);
    }
  }
  begin.files = files;
  begin.linktypes = linktypes;
  begin.interfaces = interfaces;
  if (first) begin.first_ts = first->time;
  sink.write(Event(first ? first->time : Timestamp{}, std::nullopt, begin));
}

void write_end(const Source& source, std::span<const std::unique_ptr<Worker>> workers,
               EventSink& sink) {
  FlowTally flows;
  for (const auto& worker : workers) flows.add(worker->flow_tally());
  const PacketTally& packets = workers.front()->tally();

  write_timeline(workers, sink);
  CaptureEnd end;
  end.packets = packets.packets;
  end.bytes = packets.bytes;
  end.last_ts = packets.last_time;
  end.truncated_packets = packets.truncated;
  end.dropped = drops(source);
  const std::vector<Count> flaws = malformed(*workers.front(), flows);
  const std::vector<Count> reached = limits(workers, flows);
  const std::vector<Unseen> not_seen = unseen(end, *workers.front(), flows);
  std::vector<CaptureEnd::Damage> damage;
  for (const Damage& each : source.damages())
    damage.push_back({each.file, each.offset, each.reason});
  end.malformed = flaws;
  end.limits = reached;
  end.not_observable = not_seen;
  end.damage = damage;
  sink.write(Event(packets.last_time.value_or(Timestamp{}), std::nullopt, end));
}

}  // namespace wirelens
