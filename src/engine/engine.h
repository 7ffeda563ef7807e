// engine/engine.h - joins capture, decoding, flows, dissectors and sinks into one run.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "capture/source.h"
#include "detect/rule.h"
#include "dissect/secrets.h"
#include "event/event.h"
#include "flow/segment_watch.h"

namespace wirelens {

struct Protocol;

struct EngineOptions {
  unsigned threads = 1;
  std::size_t max_memory = std::size_t{1} << 30;  ///< bytes for all state of the analysis
  Duration time_wait = std::chrono::seconds(60);
  bool show_secrets = false;
  std::size_t bodies = 0;                 ///< bytes of bodies that records carry
  std::shared_ptr<const KeyLog> key_log;  ///< secrets known from the start, or nullptr
  std::string growing_key_log;            ///< a key log that is read while the run goes on
  std::vector<PrivateKey> private_keys;   ///< for RSA key exchange
  std::string ca_file;                    ///< trusted certificates; empty: the system's
  std::span<const Protocol* const> protocols;
  const Watch* watch = nullptr;  ///< connections whose packets become `segment` records
  bool timeline = false;         ///< write a `timeline` record
  std::span<const detect::Rule* const> rules;
  std::vector<detect::Setting> settings;  ///< thresholds that the user chose
  bool live = false;                      ///< findings are told while the run goes on, too
};

/// How far a run is; called now and then from one thread.
struct Progress {
  std::uint64_t packets = 0;
  std::uint64_t bytes_read = 0;
  std::optional<std::uint64_t> bytes_total;
};

struct RunControl {
  const std::atomic<bool>* stop = nullptr;        ///< ends the run early, in good order
  std::function<void(const Progress&)> progress;  ///< may be empty; returns quickly
  std::function<bool()> idle;                     ///< called about every 100 ms of a live run and
                               ///< every few thousand packets; false ends the run
};

struct RunResult {
  std::uint64_t packets = 0;
  std::vector<Damage> damages;       ///< inputs that broke before their end
  std::vector<std::string> remarks;  ///< what a person should know of the capture (outages)
  bool stopped = false;              ///< ended by RunControl::stop
};

/// Opens the same input again; each worker of a file reads it for itself.
using SourceOpener = std::function<Result<std::unique_ptr<Source>>()>;

/// Reads the input to its end and tells `sink` everything, in packet order: the same events for any
/// number of threads. The first record is `capture`, the last `capture_end`.
Result<RunResult> run(const SourceOpener& open, const EngineOptions& options,
                      const RunControl& control, EventSink& sink);

/// Every event type that a run can emit: the engine's and those of `protocols`.
std::vector<const EventType*> event_types(std::span<const Protocol* const> protocols);

}  // namespace wirelens
