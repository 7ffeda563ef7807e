// bench/workloads.h - the workloads by name; what each contains stands at its declaration.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "bench/capture_writer.h"
#include "bench/frame.h"
#include "bench/truth.h"

namespace wirelens::bench {

/// What a user may choose; 0 or an empty string stands for the workload's own default.
struct Options {
  std::uint64_t seed = 1;
  std::uint64_t packets = 0;  // about as many
  std::uint64_t flows = 0;
  std::uint64_t rounds = 4;  // `flows`: packets of each flow after its handshake, an even number
  std::uint64_t n = 0;       // `path`: the length of the case; `flood`: SYNs
  std::uint64_t size = 0;    // `fixed`: bytes of a frame
  std::string content;       // `bulk`: tls or http
  std::string name;          // `path`: which case
  bool zipf = false;         // `flows`: some flows speak far more often than others
};

/// Where a workload goes.
struct Output {
  FrameBuilder& builder;
  CaptureWriter& writer;
  Truth& truth;
};

using Make = void (*)(const Options&, Output&);

/// 64 connections at full speed, 1,448-byte segments: TLS records, or one HTTP response each.
void make_bulk(const Options& options, Output& out);
/// HTTP/1.1 only: keep-alive, 5 % of the connections pipelined.
void make_http(const Options& options, Output& out);
/// About 820 bytes a packet. Of the bytes 60 % TLS, 20 % datagrams like QUIC's, 18 % HTTP/1, 2 %
/// DNS; flow sizes follow a Pareto law; IPv6 25 %, VLAN 5 % of the flows.
void make_mix(const Options& options, Output& out);
/// The mix with 1 % loss, 1 % reordering, 0.2 % duplicates, 0.1 % capture gaps, 1 % mid-stream.
void make_lossy(const Options& options, Output& out);
/// The mix over an hour, as a healthy network has it: people pause between requests, connections
/// are used again and closed, no server fails, and 0.02 % of the packets are lost.
void make_hour(const Options& options, Output& out);

/// 64-byte frames of 100,000 flows: unanswered SYNs, lone datagrams, pure ACKs, tiny segments.
void make_small(const Options& options, Output& out);
/// N connections that open, say a little in turn, and stay open.
void make_flows(const Options& options, Output& out);
/// SYNs with spoofed sources at one a microsecond, and 500 HTTP exchanges that must all be found:
/// 499 on connections of their own, one on a connection that was opened before the flood.
void make_flood(const Options& options, Output& out);
/// Equal UDP frames of one flow, for the floors.
void make_fixed(const Options& options, Output& out);

/// Inputs whose cost must grow no faster than their length; path_cases() names them.
void make_path(const Options& options, Output& out);
std::span<const std::string_view> path_cases();

/// Absent workload: nullptr.
Make find_workload(std::string_view name);
std::span<const std::string_view> workload_names();

/// The first instant of every workload: 2026-11-20 21:00:44 UTC.
inline constexpr std::int64_t kEpoch = 1'795'208'444'000'000'000;

/// Distinct for each `flow` below 100 million; clients in 10/8, servers in 198.18/15.
Endpoints endpoints(std::uint64_t flow, std::uint64_t server, std::uint16_t server_port);

}  // namespace wirelens::bench
